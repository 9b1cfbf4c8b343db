"""Runs one slot's agent: leases a trial, runs it and reports its end, in one thread and one loop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lightning_sweeps import messages as m
from lightning_sweeps.agents.circuit_breaker import CircuitBreaker
from lightning_sweeps.agents.decisions import AgentState, Leased, TrialLimits
from lightning_sweeps.agents.display.display import Display
from lightning_sweeps.agents.display.sinks import DisplayStyle
from lightning_sweeps.agents.effects import EffectHandler
from lightning_sweeps.agents.ended_trials import EndedTrials
from lightning_sweeps.agents.gang import Rendezvous, local_address_towards
from lightning_sweeps.agents.idle_timeout import IdleTimeout
from lightning_sweeps.agents.launch.allowed import allowed_by, check_allowed
from lightning_sweeps.agents.launch.command import check_program, check_ranks, nodes_of
from lightning_sweeps.agents.launch.context import LaunchContext
from lightning_sweeps.agents.launch.parent import become_subreaper
from lightning_sweeps.agents.launch.starter import TrialStarter
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.preflight.preflight import Preflight
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.agents.signals import Signals
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.agents.time_accounting import TimeAccounting
from lightning_sweeps.agents.trial_quota import TrialQuota
from lightning_sweeps.agents.trial_runner import TrialRunner
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import ServerError
from lightning_sweeps.sdk.trial_journals import TrialJournals
from lightning_sweeps.system.home_cleanup import HomeCleanup

LEASE_WAIT_S = 20.0
DEFAULT_MAX_FAILURES = 5
"""The server's default if the sweep file has no `max_failures`."""


def run_agent(sweep_id: str, options: AgentOptions, *, slot: Slot, context: LaunchContext, style: DisplayStyle) -> int:
    """Run trials of a sweep on one slot until there are no more.

    Call it from the main thread: it handles Ctrl-C and SIGTERM while it runs.

    Args:
        sweep_id: the sweep.
        options: the agent's options.
        slot: the slot whose GPUs the trials get.
        context: settings, environment and folders.
        style: how the output is shown.

    Returns:
        The agent's exit status.

    Raises:
        NotFound: the sweep does not exist.
        LaunchError: the sweep's program does not exist on this machine.
        ServerError: the server cannot be reached or rejects a request.
    """
    display = Display.start(style)
    say = _say_as(slot, display)
    connection = ServerConnection(say, context.settings)
    try:
        sweep = connection.call(lambda client: client.sweep(sweep_id), waits=options.wait_for_server)
        check_allowed(sweep.config, sweep.project, allowed_by(options))
        check_program(sweep.config, folder=context.working_folder, environ=context.environ)
        check_ranks(
            sweep.config, option=options.processes_per_trial, interpreter=sys.executable, environ=context.environ
        )
        with Signals().installed() as signals:
            effects = EffectHandler(
                AgentState(_limits(sweep, options), sweep_id, options.wait),
                signals,
                say,
                is_start_said=not options.only_errors,
            )
            return _assemble(sweep, options, slot, context, connection, effects, display).run()
    finally:
        connection.close()
        display.close()


@dataclass(slots=True)
class SlotAgent:
    """One slot's agent: leases trials and runs them."""

    starter: TrialStarter
    registration: Registration
    rendezvous: Rendezvous | None
    idle_timeout: IdleTimeout
    effects: EffectHandler
    quota: TrialQuota
    preflight: Preflight
    trial_runner: TrialRunner
    cleanup: HomeCleanup | None

    def run(self) -> int:
        """Run trials until there are no more; return the exit status."""
        try:
            status = self._run_trials()
            self.trial_runner.ended.wait(self.effects.signals.sleep, self._is_interrupted)
            return status
        finally:
            self.starter.close()
            self._close_rendezvous()
            self._leave()
            self.effects.say(self.registration.accounting.summary(now=time.monotonic()))

    def _is_interrupted(self) -> bool:
        self.effects.handle_signals(now=time.monotonic())
        return self.effects.state.exit_status is not None

    def _run_trials(self) -> int:
        has_claim = False
        while True:
            if self.cleanup is not None:
                self.cleanup.clean_up_if_due()
            status = self.preflight.wait_until_ready()
            if status is not None:
                return status
            if not has_claim and not (has_claim := self.quota.claim()):
                self.effects.say(f"all trials of `--count {self.quota.count}` have run or are running")
                return 0
            self.registration.accounting.switch_to("imports", now=time.monotonic())
            status = self.preflight.wait_for_imports(self.starter.warm)
            status = self._ask_for_trial() if status is None else status
            if status is not None:
                return status
            trial = self.effects.state.trial
            if trial is not None:
                has_claim = False
                status = self.trial_runner.run(trial)
                self._close_rendezvous()  # a leftover rank of this trial must not join the next
                if status is not None:
                    return status

    def _ask_for_trial(self) -> int | None:
        """Request a trial once; return the exit status if the agent must end."""
        status = self.idle_timeout.check()
        if status is not None:
            return status
        signals, accounting = self.effects.signals, self.registration.accounting
        retry_in_s = self.registration.connection.retry_in_s
        if retry_in_s > 0:
            accounting.switch_to("waiting for the server", now=time.monotonic())
            signals.sleep(retry_in_s)
            return None
        accounting.switch_to("waiting for a trial", now=time.monotonic())
        wait_s = max(0.0, min(LEASE_WAIT_S, self.idle_timeout.remaining_s(now=time.monotonic())))
        endpoint = None if self.rendezvous is None else self.rendezvous.endpoint()
        lease = signals.interruptible(lambda: self.registration.lease(wait_s=wait_s, endpoint=endpoint))
        return None if lease is None else self.effects.handle(Leased(lease), now=time.monotonic())

    def _close_rendezvous(self) -> None:
        if self.rendezvous is not None:
            self.rendezvous.close()

    def _leave(self) -> None:
        try:
            self.registration.leave()
        except ServerError as error:
            self.effects.say(f"could not tell the server that the agent stopped: {error.message}")


def _assemble(
    sweep: m.Sweep,
    options: AgentOptions,
    slot: Slot,
    context: LaunchContext,
    connection: ServerConnection,
    effects: EffectHandler,
    display: Display,
) -> SlotAgent:
    """Start the imports, register the agent, and put its parts together."""
    accounting = TimeAccounting(len(slot.gpus), time.monotonic())
    starter = TrialStarter(sweep, options, slot, context, effects.say, is_subreaper=become_subreaper())
    starter.prepare()
    registration = Registration.register(
        sweep.id,
        connection=connection,
        accounting=accounting,
        slot=slot.number,
        devices=starter.devices(),
        waits=options.wait_for_server,
        sleep=partial(_sleep_or_interrupt, effects),
    )
    rendezvous = None
    if nodes_of(sweep.config) > 1:
        rendezvous = Rendezvous(options.address or local_address_towards(connection.open().url))
    breaker = CircuitBreaker(
        options.max_quick_failures or int(sweep.config.get("max_failures") or DEFAULT_MAX_FAILURES)
    )
    idle_timeout = IdleTimeout(options.idle_timeout, effects, connection, time.monotonic())
    folders = (context.settings.home, context.working_folder)
    preflight = Preflight(slot, options, folders, breaker, idle_timeout, registration, effects)
    journals = TrialJournals(Home(context.settings.home), context.settings)
    ended = EndedTrials(registration, effects.say, journals.wake)
    trial_runner = TrialRunner(
        starter, preflight, idle_timeout, registration, effects, breaker, journals, ended, display, options
    )
    quota = TrialQuota(options.count, context.shared_folder)
    settings = context.settings
    cleanup = HomeCleanup(Home(settings.home), settings.keep, settings.keep_gib) if slot.number == 0 else None
    return SlotAgent(starter, registration, rendezvous, idle_timeout, effects, quota, preflight, trial_runner, cleanup)


def _sleep_or_interrupt(effects: EffectHandler, seconds: float) -> None:
    """Sleep; raise KeyboardInterrupt if the agent is told to end. It has no trial yet."""
    effects.signals.sleep(seconds)
    if effects.signals.take():
        raise KeyboardInterrupt


def _limits(sweep: m.Sweep, options: AgentOptions) -> TrialLimits:
    timeout = sweep.config.get("timeout")
    return TrialLimits(options.grace_s, timeout_s=None if timeout is None else float(timeout))


def _say_as(slot: Slot, display: Display) -> Callable[[str], None]:
    return lambda text: display.say(f"agent {slot.number}: {text}")
