"""Runs one trial, from its lease to the report of its end."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import CircuitBreaker
from lightning_sweeps.agents.decisions import CutOff, Ordered, Ticked, TrialEnded, end_of
from lightning_sweeps.agents.display.display import Display
from lightning_sweeps.agents.display.messages import ERR
from lightning_sweeps.agents.effects import EffectHandler
from lightning_sweeps.agents.ended_trials import EndedTrials
from lightning_sweeps.agents.idle_timeout import GIVE_UP_S, IdleTimeout
from lightning_sweeps.agents.launch.failure import read_failure
from lightning_sweeps.agents.launch.process import TrialRun
from lightning_sweeps.agents.launch.starter import TrialStarter, launch_id
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.preflight.preflight import Preflight
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.errors import EXIT_FAILURE, LaunchError, ServerRefused
from lightning_sweeps.sdk.trial_journals import TrialJournals
from lightning_sweeps.system.memory_kills import OutOfMemoryKills

TICK_S = 0.05
LATE_SIGNAL_S = 0.3
"""How long the agent waits for a signal that may have ended its trial; every failed trial adds this delay."""

NO_LONGER_OURS = frozenset({404, 409})


@dataclass(slots=True)
class TrialRunner:
    """Starts a trial, supervises it, and reports its progress to the server.

    Attributes:
        display: shows the output of the trial.
        options: which output is shown.
        memory_kills: notices when the kernel kills processes because memory is short.
        is_start_reported: whether the start of the trial's program was reported to the server.
        refusal: the server's last refusal; each is printed once.
        next_heartbeat: monotonic time in seconds of the next heartbeat.
    """

    starter: TrialStarter
    preflight: Preflight
    idle_timeout: IdleTimeout
    registration: Registration
    effects: EffectHandler
    breaker: CircuitBreaker
    journals: TrialJournals
    ended: EndedTrials
    display: Display
    options: AgentOptions
    memory_kills: OutOfMemoryKills = field(default_factory=OutOfMemoryKills)
    is_start_reported: bool = False
    refusal: str = ""
    next_heartbeat: float = 0.0

    def run(self, trial: m.Trial) -> int | None:
        """Run the trial to its end; return the exit status if the agent must end."""
        if taken := self.preflight.claim_gpus():  # since the agent asked for the trial
            return self._report_end(trial, m.TrialEnd("preempted", None, taken))
        try:
            return self._run(trial)
        finally:
            self.preflight.claims.release()

    def _run(self, trial: m.Trial) -> int | None:
        accounting = self.registration.accounting
        leased = time.monotonic()
        accounting.switch_to("starting and ending trials", now=leased)
        try:
            self.preflight.check_gpu_users()
            run = self.starter.start(trial, agent_id=self.registration.agent_id)
        except LaunchError as error:
            self._say(f"trial {trial.number} ({trial.id}) could not be started: {error}")
            unstarted = m.TrialEnd("failed", None, error.message, str(error))
            self.breaker.record(unstarted, ran_s=0.0)
            return self._report_end(trial, unstarted)
        except OSError as error:  # for example a full disk: the next trial would fail here too
            self._say(
                f"this machine cannot start trial {trial.number} ({trial.id}): {error};"
                " returning the trial to the sweep and giving up"
            )
            self._report_end(trial, m.TrialEnd("preempted", None, f"the agent's machine cannot start it: {error}"))
            return EXIT_FAILURE
        began = time.monotonic()
        accounting.switch_to("trials", now=began)
        try:
            returncode = self._supervise(trial, run)
        finally:
            over = self.idle_timeout.since = time.monotonic()
            accounting.switch_to("starting and ending trials", now=over)
        end = self._end(trial, run, returncode)
        self.breaker.record(end, ran_s=over - began)
        if end is not None:
            journals = self.journals.hand_over(trial.id)
            end = dataclasses.replace(end, start_s=began - leased, ran_s=over - began, journals=journals)
        return self._report_end(trial, end)

    def _supervise(self, trial: m.Trial, run: TrialRun) -> int:
        """Wait until all processes of the trial are gone; return its first process's exit code."""
        self.effects.trial_run = run
        self.is_start_reported = False
        if not (self.options.quiet or self.options.only_errors):
            self.display.follow(run.logs)
        try:
            returncode = self._watch(trial, run)
            survivors = run.clear()
        except BaseException:
            run.kill()  # after any error, the GPU must become free
            run.clear()
            raise
        finally:
            self.effects.trial_run = None
            self.display.unfollow()
        if survivors:
            self._say(f"these processes of trial {trial.number} could not be ended: {', '.join(map(str, survivors))}")
        return returncode

    def _watch(self, trial: m.Trial, run: TrialRun) -> int:
        """Wait until the trial's first process ends; return its exit code."""
        self._heartbeat(trial, run)
        while True:
            returncode = run.wait(TICK_S)
            if returncode is not None:
                if returncode and not self.effects.state.cause:
                    self._wait_for_late_signal()
                return returncode
            self.display.flush()
            self.effects.handle_signals(now=time.monotonic())
            self.effects.handle(Ticked(), now=time.monotonic())
            if self.registration.is_cut_off(ending_s=self.effects.state.limits.checkpoint_s):
                self.effects.handle(CutOff(), now=time.monotonic())
            if time.monotonic() >= self.next_heartbeat:
                self._heartbeat(trial, run)

    def _wait_for_late_signal(self) -> None:
        """Wait for the signal that may have ended the trial: Slurm sends it to every process, not in a fixed order."""
        self.effects.signals.sleep(LATE_SIGNAL_S)
        self.effects.handle_signals(now=time.monotonic())

    def _heartbeat(self, trial: m.Trial, run: TrialRun) -> None:
        run.reap()
        self.memory_kills.are_recent(time.monotonic())
        try:
            orders = self._send_heartbeat(trial)
        except ServerRefused as error:
            orders = self._handle_refusal(error)
        has_answer = orders is not None or self.refusal
        wait_s = self.registration.heartbeat_s if has_answer else max(self.registration.connection.retry_in_s, TICK_S)
        self.next_heartbeat = time.monotonic() + wait_s
        if orders is not None:
            asks = run.folder.asks_for_stop.exists()
            self.effects.handle(Ordered(orders, asks), now=time.monotonic())

    def _send_heartbeat(self, trial: m.Trial) -> m.AgentOrders | None:
        if self.is_start_reported:
            return self.registration.heartbeat(trial)
        if self.registration.start(trial, start_local=False) is None:
            return None
        self.is_start_reported = True
        return m.AgentOrders(self.registration.sweep.state)

    def _handle_refusal(self, error: ServerRefused) -> m.AgentOrders | None:
        """End a trial that no longer belongs to this agent; ignore other refusals, such as a revoked API key."""
        if error.status in NO_LONGER_OURS:
            return m.AgentOrders(self.registration.sweep.state, lease_lost=True)
        if error.message != self.refusal:
            self.refusal = error.message
            self._say(f"the server rejects the agent's report: {error.message}; the trial continues")
        return None

    def _end(self, trial: m.Trial, run: TrialRun, returncode: int) -> m.TrialEnd | None:
        failure = read_failure(
            returncode,
            folder=run.folder,
            start=run.start,
            launch_id=launch_id(trial),
            is_memory_short=self.memory_kills.are_recent(time.monotonic()),
        )
        state = self.effects.state
        end = end_of(state, returncode=returncode, reason=failure.reason, stderr_tail=failure.tail)
        if end is not None:
            self._show_end(trial, end)
        return end

    def _show_end(self, trial: m.Trial, end: m.TrialEnd) -> None:
        if self.options.only_errors:
            if end.state != "failed":
                return
            prefix = self.options.format_prefix(trial=trial.number, attempt=trial.attempt)
            for line in end.stderr_tail.splitlines():
                self.display.say(prefix + line, stream=ERR)
        because = f": {end.reason}" if end.reason else ""
        self._say(f"trial {trial.number} ({trial.id}) {end.state}{because}")

    def _report_end(self, trial: m.Trial, end: m.TrialEnd | None) -> int | None:
        """Report how the trial ended, retrying as needed; return the exit status if the agent must end."""
        try:
            while end is not None and (reported := self.registration.end(trial, end)) is None:
                if self._should_give_up():
                    break
            if end is not None:
                self.ended.note(reported)
        except ServerRefused as error:
            self._say(f"the server rejects the end of trial {trial.number}: {error.message}")
        return self.effects.handle(TrialEnded(), now=time.monotonic())

    def _should_give_up(self) -> bool:
        """Wait before the next report. Return whether to give up: the user insists, or the server was away too long."""
        connection, effects = self.registration.connection, self.effects
        effects.signals.sleep(max(connection.retry_in_s, TICK_S))
        effects.handle_signals(now=time.monotonic())
        has_user_insisted = effects.state.interrupts > 1 or effects.state.cause == "terminate"
        return has_user_insisted or connection.unreachable_s > GIVE_UP_S

    def _say(self, text: str) -> None:
        self.effects.say(text)
