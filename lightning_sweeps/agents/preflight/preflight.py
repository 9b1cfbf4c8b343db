"""Runs the preflight checks: waits for temporary problems, and ends the agent for permanent ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import CircuitBreaker
from lightning_sweeps.agents.decisions import Leased
from lightning_sweeps.agents.effects import EffectHandler
from lightning_sweeps.agents.forking.warm_start import WarmStart
from lightning_sweeps.agents.idle_timeout import IdleTimeout
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.preflight.disk_space import disk_shortage
from lightning_sweeps.agents.preflight.gpu_memory import memory_shortage
from lightning_sweeps.agents.preflight.gpu_users import GpuUser, describe_gpu_users, find_gpu_users
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.errors import EXIT_FAILURE
from lightning_sweeps.system.gpu_claims import GpuClaimant, GpuClaims, are_free, find_claimants
from lightning_sweeps.system.gpus import sample_gpus

MEMORY_POLL_S = 1.0
TICK_S = 0.05
GPU_FREE_S = 3.0
"""How long a driver may take to free the memory of processes that have ended."""


@dataclass(slots=True)
class Preflight:
    """Checks that the slot can run one more trial.

    Attributes:
        folders: folders that trials write to.
        reported_users: the GPU users that were last reported; each is reported once.
        claims: the GPUs that this agent's trial uses.
    """

    slot: Slot
    options: AgentOptions
    folders: Sequence[Path]
    breaker: CircuitBreaker
    idle_timeout: IdleTimeout
    registration: Registration
    effects: EffectHandler
    reported_users: tuple[GpuUser, ...] = ()
    claims: GpuClaims = field(default_factory=GpuClaims)

    def wait_until_ready(self) -> int | None:
        """Wait until the slot can run a trial; return the exit status if the agent must end.

        The agent waits for GPU memory. It ends if the disk is full or trials keep failing right after their start.
        """
        problem = disk_shortage(self.folders, floor_gib=self.options.disk_floor_gib) or self._too_many_failures()
        if problem:
            self.effects.say(f"{problem}; giving up")
            return EXIT_FAILURE
        status = self._wait_for_claims()
        return self._wait_for_memory() if status is None else status

    def claim_gpus(self) -> str:
        """Claim the slot's GPUs for a trial; return who has them, or an empty string."""
        return _describe_claimants(self.claims.claim(self._claimed_uuids))

    @property
    def _claimed_uuids(self) -> list[str]:
        """The GPUs that a trial has for itself."""
        is_shared = self.slot.is_shared or self.options.share_gpus
        return [] if is_shared else [gpu.uuid for gpu in self.slot.gpus]

    def wait_for_imports(self, warm: WarmStart | None) -> int | None:
        """Wait for the fork server's imports, so that no leased trial has to; return a status if the agent must end."""
        if warm is None:
            return None
        warm.prepare()
        while not warm.is_settled(TICK_S):
            status = self.effects.handle_signals(now=time.monotonic())
            if status is not None:
                return status
        return None

    def check_gpu_users(self) -> None:
        """Wait briefly until the last trial's GPU memory is free, then report other processes that use some."""
        if not self.slot.gpus or self.slot.is_shared:
            return
        deadline = time.monotonic() + GPU_FREE_S
        while users := find_gpu_users(self.slot.gpus, sample_gpus()):
            if users == self.reported_users or time.monotonic() > deadline:
                break
            self.effects.signals.sleep(TICK_S)
        if {user.pid for user in users} - {user.pid for user in self.reported_users}:
            self.effects.say(f"{describe_gpu_users(users)}; starting the next trial anyway")
        self.reported_users = users

    def _too_many_failures(self) -> str:
        """Return why to give up; empty if the agent may continue, or `max_failures` has paused the sweep."""
        if self.breaker.trip_reason and (state := self.registration.sweep_state()):
            if state == "running":
                return self.breaker.trip_reason
            self.breaker.reset()  # a person who resumes the sweep has seen the failures
        return ""

    def _wait_for_claims(self) -> int | None:
        """Wait while trials of other agents use the slot's GPUs."""
        problem = ""

        def find_problem() -> str:
            nonlocal problem
            if are_free(self._claimed_uuids):
                return ""
            problem = problem or _describe_claimants(find_claimants(self._claimed_uuids))
            return problem

        return self._wait_while(find_problem, until="the GPUs are free again")

    def _wait_for_memory(self) -> int | None:
        return self._wait_while(self._memory_shortage, until="the GPU memory is free again")

    def _wait_while(self, find_problem: Callable[[], str], *, until: str) -> int | None:
        """Wait while there is a problem with the GPUs; return the exit status if the agent must end."""
        report_at, is_reported, ask_at = time.monotonic() + GPU_FREE_S, False, 0.0
        while problem := find_problem():
            self.registration.accounting.switch_to("waiting for GPU memory", now=time.monotonic())
            if not is_reported and time.monotonic() > report_at:  # freeing the last trial's memory may take a moment
                self.effects.say(f"{problem}; waiting")
                is_reported = True
            status = self.idle_timeout.check()
            if status is None and time.monotonic() >= ask_at:
                ask_at = time.monotonic() + self.registration.heartbeat_s
                status = self._check_sweep()
            if status is not None:
                return status
            self.effects.signals.sleep(MEMORY_POLL_S if is_reported else TICK_S)
        if is_reported:
            self.effects.say(until)
        return None

    def _memory_shortage(self) -> str:
        floor_gib = self.options.gpu_memory_floor_gib
        return memory_shortage(self.slot.gpus, sample_gpus(), floor_gib=floor_gib) if floor_gib else ""

    def _check_sweep(self) -> int | None:
        """Request the sweep's state; return the exit status if it has no more trials."""
        state = self.registration.sweep_state()
        return None if state is None else self.effects.handle(Leased(m.Lease(None, state)), now=time.monotonic())


def _describe_claimants(claimants: Sequence[GpuClaimant]) -> str:
    used = [f"GPU `{found.uuid}` runs a trial of another agent, {found}" for found in claimants]
    return f"{'; '.join(used)} (`--share-gpus` starts trials beside it)" if used else ""
