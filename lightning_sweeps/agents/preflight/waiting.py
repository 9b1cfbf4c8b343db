"""What an agent waits for before it takes a trial: that the trial can work here. `room.py` judges, this waits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import Brake
from lightning_sweeps.agents.decisions import Leased
from lightning_sweeps.agents.effects import Conductor
from lightning_sweeps.agents.forking.warm_start import WarmStart
from lightning_sweeps.agents.idle_timeout import Patience
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.preflight.gpu_users import Holder, describe, holders
from lightning_sweeps.agents.preflight.resources import lack_of_memory, lack_of_space
from lightning_sweeps.agents.registration import Presence
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.errors import EXIT_FAILURE
from lightning_sweeps.system.gpus import sample_gpus

ROOM_LOOK_S = 1.0
TICK_S = 0.05
GPU_FREE_S = 3.0
"""How long a driver may take to free the memory of processes that have ended."""


@dataclass(slots=True)
class Readiness:
    """Looks whether one more trial can work on the slot. What passes is waited for, what does not ends the agent.

    Attributes:
        folders: where trials write.
    """

    slot: Slot
    options: AgentOptions
    folders: Sequence[Path]
    brake: Brake
    patience: Patience
    presence: Presence
    conductor: Conductor
    told_holders: tuple[Holder, ...] = ()

    def wait_for_room(self) -> int | None:
        """Take no trial where it cannot work; return the exit status where the agent is to end.

        GPUs that others fill are waited for; a full disk, or trials that all fail at once, end the agent.
        """
        problem = lack_of_space(self.folders, floor_gib=self.options.disk_floor_gib) or self._broken_here()
        if problem:
            self.conductor.say(f"{problem}; giving up")
            return EXIT_FAILURE
        return self._wait_for_memory()

    def wait_for_imports(self, warm: WarmStart | None) -> int | None:
        """Wait for the imports before a trial is leased that would wait for them; return a status to end with."""
        if warm is None:
            return None
        warm.prepare()
        while not warm.is_settled(TICK_S):
            status = self.conductor.hear(now=time.monotonic())
            if status is not None:
                return status
        return None

    def look_at_gpus(self) -> None:
        """Wait a little for memory that the last trial held; name, once, who else holds some."""
        if not self.slot.gpus or self.slot.is_shared:
            return
        deadline = time.monotonic() + GPU_FREE_S
        while found := holders(self.slot.gpus, sample_gpus()):
            if found == self.told_holders or time.monotonic() > deadline:
                break
            self.conductor.signals.sleep(TICK_S)
        if {holder.pid for holder in found} - {holder.pid for holder in self.told_holders}:
            self.conductor.say(f"{describe(found)}; the next trial starts all the same")
        self.told_holders = found

    def _broken_here(self) -> str:
        """Return why to give up; a sweep that `max_failures` has paused for everybody is waited for instead."""
        if self.brake.reason and (state := self.presence.sweep_state()):
            if state == "running":
                return self.brake.reason
            self.brake.in_row = 0  # whoever resumes it has seen why it was paused
        return ""

    def _wait_for_memory(self) -> int | None:
        tell_at, told, ask_at = time.monotonic() + GPU_FREE_S, False, 0.0
        while lack := self._lack_of_memory():
            self.presence.ledger.turn_to("GPU memory held by others", now=time.monotonic())
            if not told and time.monotonic() > tell_at:  # what the last trial held may take a moment to be free
                self.conductor.say(f"{lack}; waiting")
                told = True
            status = self.patience.status()
            if status is None and time.monotonic() >= ask_at:
                ask_at = time.monotonic() + self.presence.heartbeat_s
                status = self._sweep_is_over()
            if status is not None:
                return status
            self.conductor.signals.sleep(ROOM_LOOK_S if told else TICK_S)
        if told:
            self.conductor.say("the memory is free again")
        return None

    def _lack_of_memory(self) -> str:
        floor_gib = self.options.gpu_memory_floor_gib
        return lack_of_memory(self.slot.gpus, sample_gpus(), floor_gib=floor_gib) if floor_gib else ""

    def _sweep_is_over(self) -> int | None:
        """Ask how the sweep is; return the exit status where it has no more trials."""
        state = self.presence.sweep_state()
        return None if state is None else self.conductor.carry_out(Leased(m.Lease(None, state)), now=time.monotonic())
