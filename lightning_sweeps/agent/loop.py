"""The agent: lease a trial, run it, say how it ended; one thread, one loop, the decisions in `decisions.py`."""

from __future__ import annotations

import dataclasses
import math
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lightning_sweeps import messages as m
from lightning_sweeps.agent.brake import Brake
from lightning_sweeps.agent.command import check_program, nodes_of
from lightning_sweeps.agent.decisions import (
    Action,
    Decision,
    Ended,
    Event,
    Kill,
    Leased,
    Limits,
    Ordered,
    Quit,
    Say,
    ShowStacks,
    Start,
    State,
    Terminate,
    Ticked,
    decide,
    end_of,
)
from lightning_sweeps.agent.failure import read_failure
from lightning_sweeps.agent.gang import MeetingPoint, address_towards
from lightning_sweeps.agent.ledger import Ledger
from lightning_sweeps.agent.link import ServerLink
from lightning_sweeps.agent.occupied import Holder, describe, holders
from lightning_sweeps.agent.options import AgentOptions
from lightning_sweeps.agent.parent import become_subreaper
from lightning_sweeps.agent.process import TrialRun
from lightning_sweeps.agent.room import lack_of_memory, lack_of_space
from lightning_sweeps.agent.signals import Signals
from lightning_sweeps.agent.slots import Slot
from lightning_sweeps.agent.starter import Starter, Surroundings, launch_id
from lightning_sweeps.agent.terminal import Terminal
from lightning_sweeps.agent.tickets import Tickets
from lightning_sweeps.client import Client
from lightning_sweeps.errors import EXIT_FAILURE, LaunchError, ServerError, ServerRefused, ServerUnreachable
from lightning_sweeps.gpus import sample_gpus
from lightning_sweeps.node import node_id

LEASE_WAIT_S = 20.0
ROOM_LOOK_S = 1.0
DEFAULT_MAX_FAILURES = 5
"""What the server takes where the sweep file has no `max_failures`."""
TICK_S = 0.05
HEARTBEATS_PER_LEASE = 4
LONGEST_HEARTBEAT_S = 3.0
"""Orders come with the answer to a heartbeat: a person who cancels a trial does not want to wait for long."""

LATE_S = 0.3
"""By how much the agent may hear a signal later than its trial; what a failed trial costs."""

GPU_FREE_S = 3.0
"""How long a driver may take to free the memory of processes that have ended."""

NO_LONGER_OURS = frozenset({404, 409})
GIVE_UP_S = 300.0
"""How long an agent without a trial waits for a server that does not answer."""


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
        client = link.open()
        sweep = client.sweep(sweep_id)
        check_program(sweep.config, folder=surroundings.working_folder, environ=surroundings.environ)
        agent = Agent(sweep, options, slot, surroundings, link, say)
        with agent.signals.installed():
            return agent.run()
    finally:
        link.close()


@dataclass(slots=True)
class Agent:
    """One slot's agent and all that it holds."""

    sweep: m.Sweep
    options: AgentOptions
    slot: Slot
    surroundings: Surroundings
    link: ServerLink
    say: Callable[[str], None]
    signals: Signals = field(default_factory=Signals)
    state: State = field(default_factory=State)
    trial_run: TrialRun | None = None
    agent_id: str = ""
    heartbeat_s: float = 0.0
    next_heartbeat: float = 0.0
    meeting: MeetingPoint | None = None
    start_told: bool = False
    refusal: str = ""
    idle_since: float = 0.0
    told_holders: tuple[Holder, ...] = ()
    done: int = 0
    ledger: Ledger = field(init=False)
    starter: Starter = field(init=False)
    brake: Brake = field(init=False)

    def run(self) -> int:
        self.ledger = Ledger(len(self.slot.gpus), time.monotonic())
        limit = self.options.max_quick_failures or int(self.sweep.config.get("max_failures") or DEFAULT_MAX_FAILURES)
        self.brake = Brake(limit)
        timeout = self.sweep.config.get("timeout")
        self.state = State(limits=Limits(self.options.grace_s, timeout_s=None if timeout is None else float(timeout)))
        self.starter = Starter(
            self.sweep, self.options, self.slot, self.surroundings, self.say, adopts=become_subreaper()
        )
        self.starter.prepare()
        self._register()
        if nodes_of(self.sweep.config) > 1:
            self.meeting = MeetingPoint(self.options.address or address_towards(self.link.open().url))
        self.idle_since = time.monotonic()
        tickets = Tickets(self.options.count, self.surroundings.sisters)
        has_ticket = False
        try:
            while True:
                status = self._wait_for_room()
                if status is not None:
                    return status
                if not has_ticket and not (has_ticket := tickets.take()):
                    self.say(f"`--count {self.options.count}` trials are done or being done")
                    return 0
                self.ledger.turn_to("imports", now=time.monotonic())
                status = self._warm_up()
                status = self._idle() if status is None else status
                if status is not None:
                    return status
                if self.state.trial is not None:
                    has_ticket = False
                    status = self._run_trial(self.state.trial)
                    if self.meeting is not None:
                        self.meeting.close()  # no straggler of this trial can meet the next
                    if status is not None:
                        return status
        finally:
            self.starter.close()
            if self.meeting is not None:
                self.meeting.close()
            self._leave()
            self.say(self.ledger.summary(now=time.monotonic()))

    # between trials

    def _warm_up(self) -> int | None:
        """Wait for the imports before a trial is leased that would wait for them; return a status to end with."""
        warm = self.starter.warm
        if warm is None:
            return None
        warm.prepare()
        while not warm.is_settled(TICK_S):
            for event in self.signals.take():
                status = self._carry_out(event)
                if status is not None:
                    return status
        return None

    def _register(self) -> None:
        about = m.AgentRegister(socket.gethostname(), node_id(), os.getpid(), self.slot.number, self.starter.devices())
        registered = self.link.open().register_agent(self.sweep.id, about)
        self.agent_id = registered.agent.id
        self.heartbeat_s = min(registered.lease_s / HEARTBEATS_PER_LEASE, LONGEST_HEARTBEAT_S)

    def _wait_for_room(self) -> int | None:
        """Take no trial where it cannot work; return the exit status where the agent is to end.

        GPUs that others fill are waited for; a full disk, or trials that all fail at once, end the agent.
        """
        problem = self._full_disk() or self._broken_here()
        if problem:
            self.say(f"{problem}; giving up")
            return EXIT_FAILURE
        floor_gib = self.options.gpu_memory_floor_gib
        tell_at, told, ask_at = time.monotonic() + GPU_FREE_S, False, 0.0
        while lack := floor_gib and lack_of_memory(self.slot.gpus, sample_gpus(), floor_gib=floor_gib):
            self.ledger.turn_to("GPU memory held by others", now=time.monotonic())
            if not told and time.monotonic() > tell_at:  # what the last trial held may take a moment to be free
                self.say(f"{lack}; waiting")
                told = True
            status = self._status_without_trial()
            if status is None and time.monotonic() >= ask_at:
                ask_at = time.monotonic() + self.heartbeat_s
                state = self._sweep_state()
                status = None if state is None else self._carry_out(Leased(m.Lease(None, state)))
            if status is not None:
                return status
            self.signals.sleep(ROOM_LOOK_S if told else TICK_S)
        if told:
            self.say("the memory is free again")
        return None

    def _full_disk(self) -> str:
        folders = (self.surroundings.settings.home, self.surroundings.working_folder)
        return lack_of_space(folders, floor_gib=self.options.disk_floor_gib)

    def _broken_here(self) -> str:
        """Return why to give up; a sweep that `max_failures` has paused for everybody is waited for instead."""
        if self.brake.reason and (state := self._sweep_state()):
            if state == "running":
                return self.brake.reason
            self.brake.in_row = 0  # whoever resumes it has seen why it was paused
        return ""

    def _sweep_state(self) -> m.SweepState | None:
        """Return the sweep's state, None where the server does not answer; it hears that this agent is there."""
        spent_s = self.ledger.told(now=time.monotonic())
        orders = self.link.attempt(
            lambda client: client.heartbeat(self.agent_id, trial=None, spent_s=spent_s), start_local=True
        )
        return None if orders is None else orders.sweep_state

    def _status_without_trial(self) -> int | None:
        """Hear the signals and look at the clock; return the exit status where the agent is to end."""
        for event in self.signals.take():
            status = self._carry_out(event)
            if status is not None:
                return status
        if self.link.gone_s > GIVE_UP_S:
            raise ServerUnreachable(
                f"the server has not answered for {self.link.gone_s:.0f} s: giving up",
                hint="start the agent again when the server is back",
            )
        if self._idle_left_s() <= 0:
            self.say(f"no trial for {self.options.idle_timeout:g} s (`--idle-timeout`): giving up")
            return EXIT_FAILURE
        return None

    def _idle_left_s(self) -> float:
        limit = self.options.idle_timeout
        return math.inf if limit is None else self.idle_since + limit - time.monotonic()

    def _idle(self) -> int | None:
        """Ask for a trial once; return the exit status where the agent is to end."""
        status = self._status_without_trial()
        if status is not None:
            return status
        if self.link.ready_in_s > 0:
            self.ledger.turn_to("the server did not answer", now=time.monotonic())
            self.signals.sleep(self.link.ready_in_s)
            return None
        self.ledger.turn_to("no trial to be had", now=time.monotonic())
        ask = max(0.0, min(LEASE_WAIT_S, self._idle_left_s()))
        endpoint = None if self.meeting is None else self.meeting.endpoint()
        lease = self.signals.breakable(
            lambda: self.link.attempt(
                lambda client: client.lease(self.agent_id, wait_s=ask, endpoint=endpoint), start_local=True
            )
        )
        return None if lease is None else self._carry_out(Leased(lease))

    def _look_at_gpus(self) -> None:
        """Wait a little for memory that the last trial held; name, once, who else holds some."""
        if not self.slot.gpus or self.slot.is_shared:
            return
        deadline = time.monotonic() + GPU_FREE_S
        while found := holders(self.slot.gpus, sample_gpus()):
            if found == self.told_holders or time.monotonic() > deadline:
                break
            self.signals.sleep(TICK_S)
        if {holder.pid for holder in found} - {holder.pid for holder in self.told_holders}:
            self.say(f"{describe(found)}; the next trial starts all the same")
        self.told_holders = found

    def _leave(self) -> None:
        try:
            spent_s = self.ledger.told(now=time.monotonic())
            self.link.attempt(
                lambda client: client.heartbeat(self.agent_id, trial=None, spent_s=spent_s), start_local=False
            )
            self.link.attempt(lambda client: client.leave(self.agent_id), start_local=False)
        except ServerError as error:
            self.say(f"could not say goodbye to the server: {error.message}")

    # a trial

    def _run_trial(self, trial: m.Trial) -> int | None:
        leased = time.monotonic()
        self.ledger.turn_to("starts and ends of trials", now=leased)
        try:
            self._look_at_gpus()
            run = self.starter.start(trial, agent_id=self.agent_id)
        except LaunchError as error:
            self.say(f"trial {trial.number} ({trial.id}) could not be started: {error}")
            end = m.TrialEnd("failed", None, error.message, str(error))
            self.brake.note(end, ran_s=0.0)
            return self._report(trial, end)
        except OSError as error:  # a full disk, no more processes: the next trial would fare no better here
            self.say(f"trial {trial.number} ({trial.id}) could not be started here and goes back: {error}; giving up")
            self._report(trial, m.TrialEnd("preempted", None, f"the agent could not start it: {error}"))
            return EXIT_FAILURE
        self.trial_run = run
        self.start_told = False
        began = time.monotonic()
        self.ledger.turn_to("trials", now=began)
        try:
            returncode = self._watch(trial, run)
            survivors = run.clear()
        except BaseException:
            run.kill()  # whatever went wrong here, the GPU must not stay taken
            run.clear()
            raise
        finally:
            self.trial_run = None
            self.idle_since = time.monotonic()
            self.ledger.turn_to("starts and ends of trials", now=self.idle_since)
        if survivors:
            self.say(f"these processes of trial {trial.number} could not be ended: {', '.join(map(str, survivors))}")
        ended = self._end(trial, run, returncode)
        self.brake.note(ended, ran_s=self.idle_since - began)
        if ended is not None:
            ended = dataclasses.replace(ended, start_s=began - leased, ran_s=self.idle_since - began)
        return self._report(trial, ended)

    def _watch(self, trial: m.Trial, run: TrialRun) -> int:
        """Look after the trial until its first process has ended; return its exit code."""
        self._heartbeat(trial, run)
        while True:
            returncode = run.wait(TICK_S)
            if returncode is not None:
                if returncode and not self.state.cause:
                    self._hear_late()
                return returncode
            run.show()
            for event in self.signals.take():
                self._carry_out(event)
            self._carry_out(Ticked())
            if time.monotonic() >= self.next_heartbeat:
                self._heartbeat(trial, run)

    def _hear_late(self) -> None:
        """Hear a signal that has ended the trial and is still on its way here: Slurm sends it to every process."""
        self.signals.sleep(LATE_S)
        for event in self.signals.take():
            self._carry_out(event)

    def _heartbeat(self, trial: m.Trial, run: TrialRun) -> None:
        run.reap()
        try:
            orders = self.link.attempt(lambda client: self._tell_server(client, trial), start_local=False)
        except ServerRefused as error:
            orders = self._refused(error)
        wait_s = self.heartbeat_s if orders is not None or self.refusal else max(self.link.ready_in_s, TICK_S)
        self.next_heartbeat = time.monotonic() + wait_s
        if orders is not None:
            self._carry_out(Ordered(orders))

    def _tell_server(self, client: Client, trial: m.Trial) -> m.AgentOrders:
        if self.start_told:
            spent_s = self.ledger.told(now=time.monotonic())
            return client.heartbeat(self.agent_id, trial=trial.id, spent_s=spent_s)
        client.start_trial(self.agent_id, trial.id)
        self.start_told = True
        return m.AgentOrders(self.sweep.state)

    def _refused(self, error: ServerRefused) -> m.AgentOrders | None:
        """A trial that is no longer ours must end; for anything else, like a changed key, hours of work must not."""
        if error.status in NO_LONGER_OURS:
            return m.AgentOrders(self.sweep.state, lease_lost=True)
        if error.message != self.refusal:
            self.refusal = error.message
            self.say(f"the server refuses: {error.message}; the trial goes on")
        return None

    def _end(self, trial: m.Trial, run: TrialRun, returncode: int) -> m.TrialEnd | None:
        failure = read_failure(
            returncode,
            offset=run.stderr_offset,
            folder=run.folder,
            launch_id=launch_id(trial),
        )
        end = end_of(self.state, returncode=returncode, reason=failure.reason, stderr_tail=failure.tail)
        if end is not None:
            self.done += 1
            because = f": {end.reason}" if end.reason else ""
            self.say(f"trial {trial.number} ({trial.id}) {end.state}{because}")
        return end

    def _report(self, trial: m.Trial, end: m.TrialEnd | None) -> int | None:
        """Tell the server how the trial ended, as long as that takes; return the exit status of an agent that ends."""
        told: m.Trial | None = None
        try:
            while end is not None and told is None:
                told = self.link.attempt(
                    lambda client: client.end_trial(self.agent_id, trial.id, end), start_local=True
                )
                if told is None and self._gives_up():
                    break
        except ServerRefused as error:
            self.say(f"the server does not take the end of trial {trial.number}: {error.message}")
        return self._carry_out(Ended())

    def _gives_up(self) -> bool:
        """Wait before telling again; return whether to stop telling: a person insists, or it has been too long."""
        self.signals.sleep(max(self.link.ready_in_s, TICK_S))
        for event in self.signals.take():
            self._carry_out(event)
        insisted = self.state.interrupts > 1 or self.state.cause == "terminate"
        return insisted or self.link.gone_s > GIVE_UP_S

    # decisions carried out

    def _carry_out(self, event: Event) -> int | None:
        decision: Decision = decide(self.state, event, now=time.monotonic())
        self.state, actions = decision
        for action in actions:
            if isinstance(action, Quit):
                return action.status
            self._act(action)
        return None

    def _act(self, action: Action) -> None:
        run = self.trial_run
        match action:
            case Say(text):
                self.say(text)
            case Start(trial):
                shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
                self.say(f"trial {trial.number} ({trial.id}) starts: {shown}")
            case ShowStacks() if run is not None:
                run.show_stacks()
            case Terminate() if run is not None:
                run.terminate()
            case Kill() if run is not None:
                run.kill()


def _voice(slot: Slot) -> Callable[[str], None]:
    terminal = Terminal(sys.stdout)
    return lambda text: terminal.write(f"agent {slot.number}: {text}\n".encode())
