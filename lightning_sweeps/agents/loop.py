"""The agent: lease a trial, run it, say how it ended; one thread, one loop, the decisions in `decisions.py`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import Brake
from lightning_sweeps.agents.decisions import Leased, Limits, State
from lightning_sweeps.agents.effects import Conductor
from lightning_sweeps.agents.gang import MeetingPoint, address_towards
from lightning_sweeps.agents.idle_timeout import Patience
from lightning_sweeps.agents.launch.command import check_program, nodes_of
from lightning_sweeps.agents.launch.parent import become_subreaper
from lightning_sweeps.agents.launch.starter import Starter, Surroundings
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.preflight.waiting import Readiness
from lightning_sweeps.agents.registration import Presence
from lightning_sweeps.agents.server_connection import ServerLink
from lightning_sweeps.agents.signals import Signals
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.agents.terminal import Terminal
from lightning_sweeps.agents.time_accounting import Ledger
from lightning_sweeps.agents.trial_quota import Tickets
from lightning_sweeps.agents.trial_runner import Attendant
from lightning_sweeps.errors import ServerError

LEASE_WAIT_S = 20.0
DEFAULT_MAX_FAILURES = 5
"""What the server takes where the sweep file has no `max_failures`."""


def run_agent(sweep_id: str, options: AgentOptions, *, slot: Slot, surroundings: Surroundings) -> int:
    """Run trials of a sweep on one slot until there are no more; return the exit status.

    Call from the main thread: it handles Ctrl-C and SIGTERM while it runs.

    Raises:
        NotFound: there is no such sweep.
        LaunchError: the sweep's program is not here.
        ServerError: the server cannot be reached, or refuses.
    """
    say = _voice(slot)
    link = ServerLink(say, surroundings.settings)
    try:
        sweep = link.open().sweep(sweep_id)
        check_program(sweep.config, folder=surroundings.working_folder, environ=surroundings.environ)
        with Signals().installed() as signals:
            conductor = Conductor(State(limits=_limits(sweep, options)), signals, say)
            return _start(sweep, options, slot, surroundings, link, conductor).run()
    finally:
        link.close()


@dataclass(slots=True)
class Agent:
    """One slot's agent: what it does between two trials, and the parts that do the rest."""

    starter: Starter
    presence: Presence
    meeting: MeetingPoint | None
    patience: Patience
    conductor: Conductor
    tickets: Tickets
    readiness: Readiness
    attendant: Attendant

    def run(self) -> int:
        """Take trials until there are no more; return the exit status."""
        try:
            return self._take_trials()
        finally:
            self.starter.close()
            if self.meeting is not None:
                self.meeting.close()
            self._leave()
            self.conductor.say(self.presence.ledger.summary(now=time.monotonic()))

    def _take_trials(self) -> int:
        has_ticket = False
        while True:
            status = self.readiness.wait_for_room()
            if status is not None:
                return status
            if not has_ticket and not (has_ticket := self.tickets.take()):
                self.conductor.say(f"`--count {self.tickets.count}` trials are done or being done")
                return 0
            self.presence.ledger.turn_to("imports", now=time.monotonic())
            status = self.readiness.wait_for_imports(self.starter.warm)
            status = self._ask_for_trial() if status is None else status
            if status is not None:
                return status
            trial = self.conductor.state.trial
            if trial is not None:
                has_ticket = False
                status = self.attendant.attend(trial)
                if self.meeting is not None:
                    self.meeting.close()  # no straggler of this trial can meet the next
                if status is not None:
                    return status

    def _ask_for_trial(self) -> int | None:
        """Ask for a trial once; return the exit status where the agent is to end."""
        status = self.patience.status()
        if status is not None:
            return status
        signals, ledger, ready_in_s = self.conductor.signals, self.presence.ledger, self.presence.link.ready_in_s
        if ready_in_s > 0:
            ledger.turn_to("the server did not answer", now=time.monotonic())
            signals.sleep(ready_in_s)
            return None
        ledger.turn_to("no trial to be had", now=time.monotonic())
        wait_s = max(0.0, min(LEASE_WAIT_S, self.patience.left_s(now=time.monotonic())))
        endpoint = None if self.meeting is None else self.meeting.endpoint()
        lease = signals.breakable(lambda: self.presence.lease(wait_s=wait_s, endpoint=endpoint))
        return None if lease is None else self.conductor.carry_out(Leased(lease), now=time.monotonic())

    def _leave(self) -> None:
        try:
            self.presence.leave()
        except ServerError as error:
            self.conductor.say(f"could not say goodbye to the server: {error.message}")


def _start(
    sweep: m.Sweep,
    options: AgentOptions,
    slot: Slot,
    surroundings: Surroundings,
    link: ServerLink,
    conductor: Conductor,
) -> Agent:
    """Begin with the imports, tell the server, and put the agent's parts together."""
    ledger = Ledger(len(slot.gpus), time.monotonic())
    starter = Starter(sweep, options, slot, surroundings, conductor.say, adopts=become_subreaper())
    starter.prepare()
    presence = Presence.register(sweep.id, link=link, ledger=ledger, slot=slot.number, devices=starter.devices())
    meeting = None
    if nodes_of(sweep.config) > 1:
        meeting = MeetingPoint(options.address or address_towards(link.open().url))
    brake = Brake(options.max_quick_failures or int(sweep.config.get("max_failures") or DEFAULT_MAX_FAILURES))
    patience = Patience(options.idle_timeout, conductor, link, time.monotonic())
    folders = (surroundings.settings.home, surroundings.working_folder)
    readiness = Readiness(slot, options, folders, brake, patience, presence, conductor)
    attendant = Attendant(starter, readiness, patience, presence, conductor, brake)
    tickets = Tickets(options.count, surroundings.sisters)
    return Agent(starter, presence, meeting, patience, conductor, tickets, readiness, attendant)


def _limits(sweep: m.Sweep, options: AgentOptions) -> Limits:
    timeout = sweep.config.get("timeout")
    return Limits(options.grace_s, timeout_s=None if timeout is None else float(timeout))


def _voice(slot: Slot) -> Callable[[str], None]:
    terminal = Terminal(sys.stdout)
    return lambda text: terminal.write(f"agent {slot.number}: {text}\n".encode())
