"""`lightning_sweeps.agent(sweep_id, function=train)`: runs trials as function calls, in scripts and notebooks."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.agents.ended_trials import EndedTrials
from lightning_sweeps.agents.function.calls import Function, call, call_here, call_in_fork
from lightning_sweeps.agents.function.heartbeat import LeaseHeartbeat
from lightning_sweeps.agents.function.progress import PrintedProgress, show_progress
from lightning_sweeps.agents.launch.trial_file import describe_trial, with_seed
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.agents.time_accounting import Activity, TimeAccounting
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.core.settings import environment, read_settings, set_variable, unset_variable
from lightning_sweeps.errors import LaunchError, ServerError, UsageError
from lightning_sweeps.sdk.trial import current_trial
from lightning_sweeps.sdk.trial_journals import TrialJournals
from lightning_sweeps.system.gpus import device_names, visible_gpus

LEASE_WAIT_S = 5.0
POLL_S = 0.02
OVER = frozenset({"finished", "stopped", "cancelled"})


def agent(sweep_id: str, function: Function, *, count: int | None = None, isolate: bool = False) -> int:
    """Run trials of a sweep by calling `function` until there are no more.

    If the function raises an exception, the trial fails and the next one runs. Ctrl-C returns the trial to the sweep
    and ends this call.

    In a process that is already part of a trial, such as the other ranks that Lightning's launcher starts by running
    the script again, this calls the function once for that trial and leases no trial.

    Args:
        sweep_id: id of the sweep, which `lightning-sweeps sweep` prints; also as `entity/project/ID`.
        function: runs one trial. It takes no argument, or the trial: `trial.params` is the parameter set, the same as
            `current_trial().params`.
        count: number of trials to run; default: until the sweep ends.
        isolate: fork a process for each trial, so that all its memory is freed, including GPU memory. Not possible once
            this process has used CUDA. Changes that a trial makes to this process's variables are lost.

    Returns:
        The number of trials that were run.

    Raises:
        NotFound: the sweep does not exist.
        ServerError: the server cannot be reached or rejects a request.
        UsageError: the call is outside the main thread, `count` is below 1, or the trials need several machines.
        LaunchError: `isolate` is not possible.
    """
    sweep_id = last_part(sweep_id)
    if count is not None and count < 1:
        raise UsageError(f"`count` is {count}, allowed: 1 or more")
    if threading.current_thread() is not threading.main_thread():
        raise UsageError(
            "`agent` was called outside the main thread", hint="only the main thread receives Ctrl-C and other signals"
        )
    trial = current_trial()
    if trial is not None:
        call(function, trial)
        return 1
    if isolate:
        _check_isolation()
    settings = read_settings()
    progress = PrintedProgress()
    connection = ServerConnection(progress.say, settings)
    try:
        environ = environment()
        gpus = visible_gpus(environ)
        registration = Registration.register(
            sweep_id,
            connection=connection,
            accounting=TimeAccounting(len(gpus), time.monotonic()),
            slot=0,
            devices=device_names(gpus, environ),
        )
        check_nodes(registration.sweep)
        journals = TrialJournals(Home(settings.home), settings)
        progress = show_progress(registration.sweep, count)
        return _FunctionAgent(registration, function, isolate, journals, progress).run(count)
    finally:
        connection.close()


def check_nodes(sweep: m.Sweep) -> None:
    """Check that trials of a sweep run on one machine.

    Raises:
        UsageError: they need several.
    """
    nodes = int((sweep.config.get("resources") or {}).get("nodes") or 1)
    if nodes > 1:
        raise UsageError(
            f"trials of this sweep need {nodes} machines, but this process runs on one",
            hint="use `lightning-sweeps agent` on each machine",
        )


def _check_isolation() -> None:
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise LaunchError(
            "`isolate=True` is not possible: this process has already used CUDA, which cannot be used in a fork",
            hint="restart the kernel and call `agent` before anything uses the GPU",
        )


@dataclass(slots=True)
class _FunctionAgent:
    registration: Registration
    function: Function
    isolate: bool
    journals: TrialJournals
    progress: PrintedProgress

    def run(self, count: int | None) -> int:
        done = 0
        progress = self.progress
        ended = EndedTrials(self.registration, progress.say, self.journals.wake, progress.close)
        try:
            while count is None or done < count:
                self._switch_to("waiting for a trial")
                lease = self.registration.lease(wait_s=LEASE_WAIT_S)
                if lease is None:
                    self._switch_to("waiting for the server")
                    time.sleep(max(POLL_S, self.registration.connection.retry_in_s))
                elif lease.trial is not None:
                    self._run_trial(lease.trial, ended)
                    done += 1
                elif lease.sweep_state in OVER:
                    progress.say(f"the sweep is {lease.sweep_state}" + (f": {lease.reason}" if lease.reason else ""))
                    break
                elif lease.has_failed:
                    progress.say(f"the sweep is paused: {lease.reason}; to continue, resume it and call `agent` again")
                    break
            ended.wait(time.sleep, lambda: False)
        finally:
            progress.say(self.registration.accounting.summary(now=time.monotonic()))
            with contextlib.suppress(ServerError):  # without this, the registration expires later
                self.registration.leave()
        return done

    def _switch_to(self, activity: Activity) -> float:
        now = time.monotonic()
        self.registration.accounting.switch_to(activity, now=now)
        return now

    def _run_trial(self, trial: m.Trial, ended: EndedTrials) -> None:
        leased = self._switch_to("starting and ending trials")
        trial = with_seed(trial, self.registration.sweep)
        path = Home(read_settings().home).trial(trial.id).parameters
        file = describe_trial(trial, self.registration.sweep)
        write_whole(path, msgspec.json.encode(file), is_synced=False)
        self.registration.start(trial, start_local=True)
        interrupt: BaseException | None = None
        began = self._switch_to("trials")
        spent_s = self.registration.accounting.totals(now=began)
        heartbeat = LeaseHeartbeat(self.registration.agent_id, trial.id, self.registration.lease_s, spent_s)
        with heartbeat.running(), _trial_environment(path):
            self.progress.start(trial)  # after the first heartbeat: a terminal may take no output for a while
            if self.isolate:
                end = call_in_fork(self.function, file, path, heartbeat)
            else:
                end, interrupt = call_here(self.function, file, heartbeat)
        ran_s = self._switch_to("starting and ending trials") - began
        journals = self.journals.hand_over(trial.id)
        end = replace(end, start_s=began - leased, ran_s=ran_s, journals=journals)
        if heartbeat.is_lost:
            self.progress.say(f"trial {trial.number} no longer belongs to this agent")
        else:
            reported = self._report_end(trial, end)
            self.progress.end(trial, end)
            ended.note(reported)
        if interrupt is not None:
            raise interrupt

    def _report_end(self, trial: m.Trial, end: m.TrialEnd) -> m.Trial:
        while (reported := self.registration.end(trial, end)) is None:
            time.sleep(max(POLL_S, self.registration.connection.retry_in_s))
        return reported


@contextlib.contextmanager
def _trial_environment(trial_file: Path) -> Iterator[None]:
    """Mark this process, and the processes that it starts, as part of the trial."""
    set_variable("TRIAL", str(trial_file))
    try:
        yield
    finally:
        unset_variable("TRIAL")
