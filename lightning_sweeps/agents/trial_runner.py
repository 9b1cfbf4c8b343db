"""One trial at a time, from its lease to the word of how it ended."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import Brake
from lightning_sweeps.agents.decisions import Ended, Ordered, Ticked, end_of
from lightning_sweeps.agents.effects import Conductor
from lightning_sweeps.agents.idle_timeout import GIVE_UP_S, Patience
from lightning_sweeps.agents.launch.failure import read_failure
from lightning_sweeps.agents.launch.process import TrialRun
from lightning_sweeps.agents.launch.starter import Starter, launch_id
from lightning_sweeps.agents.preflight.waiting import Readiness
from lightning_sweeps.agents.registration import Presence
from lightning_sweeps.errors import EXIT_FAILURE, LaunchError, ServerRefused

TICK_S = 0.05
LATE_S = 0.3
"""By how much the agent may hear a signal later than its trial; what a failed trial costs."""

NO_LONGER_OURS = frozenset({404, 409})


@dataclass(slots=True)
class Attendant:
    """Starts a trial, looks after it, and tells the server how it goes."""

    starter: Starter
    readiness: Readiness
    patience: Patience
    presence: Presence
    conductor: Conductor
    brake: Brake
    start_told: bool = False
    refusal: str = ""
    next_heartbeat: float = 0.0

    def attend(self, trial: m.Trial) -> int | None:
        """Run the trial to its end; return the exit status where the agent is to end."""
        ledger = self.presence.ledger
        leased = time.monotonic()
        ledger.turn_to("starts and ends of trials", now=leased)
        try:
            self.readiness.look_at_gpus()
            run = self.starter.start(trial, agent_id=self.presence.agent_id)
        except LaunchError as error:
            self._say(f"trial {trial.number} ({trial.id}) could not be started: {error}")
            unstarted = m.TrialEnd("failed", None, error.message, str(error))
            self.brake.note(unstarted, ran_s=0.0)
            return self._report(trial, unstarted)
        except OSError as error:  # a full disk, no more processes: the next trial would fare no better here
            self._say(f"trial {trial.number} ({trial.id}) could not be started here and goes back: {error}; giving up")
            self._report(trial, m.TrialEnd("preempted", None, f"the agent could not start it: {error}"))
            return EXIT_FAILURE
        began = time.monotonic()
        ledger.turn_to("trials", now=began)
        try:
            returncode = self._see_through(trial, run)
        finally:
            over = self.patience.since = time.monotonic()
            ledger.turn_to("starts and ends of trials", now=over)
        end = self._end(trial, run, returncode)
        self.brake.note(end, ran_s=over - began)
        if end is not None:
            end = dataclasses.replace(end, start_s=began - leased, ran_s=over - began)
        return self._report(trial, end)

    def _see_through(self, trial: m.Trial, run: TrialRun) -> int:
        """Look after the trial until nothing of it is left; return its first process's exit code."""
        self.conductor.trial_run = run
        self.start_told = False
        try:
            returncode = self._watch(trial, run)
            survivors = run.clear()
        except BaseException:
            run.kill()  # whatever went wrong here, the GPU must not stay taken
            run.clear()
            raise
        finally:
            self.conductor.trial_run = None
        if survivors:
            self._say(f"these processes of trial {trial.number} could not be ended: {', '.join(map(str, survivors))}")
        return returncode

    def _watch(self, trial: m.Trial, run: TrialRun) -> int:
        """Look after the trial until its first process has ended; return its exit code."""
        self._heartbeat(trial, run)
        while True:
            returncode = run.wait(TICK_S)
            if returncode is not None:
                if returncode and not self.conductor.state.cause:
                    self._hear_late()
                return returncode
            run.show()
            self.conductor.hear(now=time.monotonic())
            self.conductor.carry_out(Ticked(), now=time.monotonic())
            if time.monotonic() >= self.next_heartbeat:
                self._heartbeat(trial, run)

    def _hear_late(self) -> None:
        """Hear a signal that has ended the trial and is still on its way here: Slurm sends it to every process."""
        self.conductor.signals.sleep(LATE_S)
        self.conductor.hear(now=time.monotonic())

    def _heartbeat(self, trial: m.Trial, run: TrialRun) -> None:
        run.reap()
        try:
            orders = self._tell_server(trial)
        except ServerRefused as error:
            orders = self._refused(error)
        is_heard = orders is not None or self.refusal
        wait_s = self.presence.heartbeat_s if is_heard else max(self.presence.link.ready_in_s, TICK_S)
        self.next_heartbeat = time.monotonic() + wait_s
        if orders is not None:
            self.conductor.carry_out(Ordered(orders), now=time.monotonic())

    def _tell_server(self, trial: m.Trial) -> m.AgentOrders | None:
        if self.start_told:
            return self.presence.beat(trial)
        if self.presence.start(trial, start_local=False) is None:
            return None
        self.start_told = True
        return m.AgentOrders(self.presence.sweep.state)

    def _refused(self, error: ServerRefused) -> m.AgentOrders | None:
        """A trial that is no longer ours must end; for anything else, like a changed key, hours of work must not."""
        if error.status in NO_LONGER_OURS:
            return m.AgentOrders(self.presence.sweep.state, lease_lost=True)
        if error.message != self.refusal:
            self.refusal = error.message
            self._say(f"the server refuses: {error.message}; the trial goes on")
        return None

    def _end(self, trial: m.Trial, run: TrialRun, returncode: int) -> m.TrialEnd | None:
        failure = read_failure(
            returncode,
            offset=run.stderr_offset,
            folder=run.folder,
            launch_id=launch_id(trial),
        )
        state = self.conductor.state
        end = end_of(state, returncode=returncode, reason=failure.reason, stderr_tail=failure.tail)
        if end is not None:
            because = f": {end.reason}" if end.reason else ""
            self._say(f"trial {trial.number} ({trial.id}) {end.state}{because}")
        return end

    def _report(self, trial: m.Trial, end: m.TrialEnd | None) -> int | None:
        """Tell the server how the trial ended, as long as that takes; return the exit status of an agent that ends."""
        try:
            while end is not None and self.presence.end(trial, end) is None:
                if self._gives_up():
                    break
        except ServerRefused as error:
            self._say(f"the server does not take the end of trial {trial.number}: {error.message}")
        return self.conductor.carry_out(Ended(), now=time.monotonic())

    def _gives_up(self) -> bool:
        """Wait before telling again; return whether to stop telling: a person insists, or it has been too long."""
        link, conductor = self.presence.link, self.conductor
        conductor.signals.sleep(max(link.ready_in_s, TICK_S))
        conductor.hear(now=time.monotonic())
        insisted = conductor.state.interrupts > 1 or conductor.state.cause == "terminate"
        return insisted or link.gone_s > GIVE_UP_S

    def _say(self, text: str) -> None:
        self.conductor.say(text)
