"""`lightning_sweeps.agent(sweep_id, function=train)`: trials as calls of a function, in scripts and notebooks."""

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
from lightning_sweeps.agents.function.calls import Function, call, call_here, call_in_a_fork
from lightning_sweeps.agents.function.heartbeat import Heart
from lightning_sweeps.agents.launch.environment import DEVICES_VARIABLE, device_names
from lightning_sweeps.agents.launch.trial_file import describe_trial
from lightning_sweeps.agents.registration import Presence
from lightning_sweeps.agents.server_connection import ServerLink
from lightning_sweeps.agents.time_accounting import Ledger, Use
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.core.settings import environment, read_settings, set_variable, unset_variable
from lightning_sweeps.errors import LaunchError, ServerError, UsageError
from lightning_sweeps.sdk.trial import current_trial
from lightning_sweeps.system.gpus import list_gpus, visible_gpus

LEASE_WAIT_S = 5.0
POLL_S = 0.02
OVER = frozenset({"finished", "stopped", "cancelled"})


def agent(sweep_id: str, function: Function, *, count: int | None = None, isolate: bool = False) -> int:
    """Run trials of a sweep by calling `function` until there are no more; return how many were run.

    The function takes nothing, or the trial: `trial.params` is the parameter set, as `current_trial().params` is. What
    it raises makes the trial fail, and the next one is run. Ctrl-C gives the trial back and ends this call.

    A process that is itself part of a trial, like the further ranks that Lightning's own launcher starts by running the
    script again, calls the function once, for that trial, and leases nothing.

    Args:
        sweep_id: the sweep, as `lightning-sweeps sweep` printed it.
        function: what a trial does.
        count: end after so many trials.
        isolate: fork a process for each trial: it gives all memory back, of the GPU too. Not possible once this
            process has used CUDA, and a trial cannot leave anything behind in this process.

    Raises:
        NotFound: there is no such sweep.
        ServerError: the server cannot be reached, or refuses.
        UsageError: called outside the main thread, with a `count` below 1, or the sweep's trials take several machines.
        LaunchError: `isolate` is not possible.
    """
    if count is not None and count < 1:
        raise UsageError(f"`count` is {count}, allowed: 1 or more")
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("`agent` was called outside the main thread", hint="Ctrl-C and signals are heard there only")
    trial = current_trial()
    if trial is not None:
        call(function, trial)
        return 1
    if isolate:
        _check_isolation()
    link = ServerLink(_say, read_settings())
    try:
        visible = environment().get(DEVICES_VARIABLE)
        gpus = visible_gpus(list_gpus(), visible)
        ledger = Ledger(len(gpus), time.monotonic())
        presence = Presence.register(sweep_id, link=link, ledger=ledger, slot=0, devices=device_names(gpus, visible))
        _check_nodes(presence.sweep)
        return _Agent(presence, function, isolate).run(count)
    finally:
        link.close()


def _check_nodes(sweep: m.Sweep) -> None:
    nodes = int((sweep.config.get("resources") or {}).get("nodes") or 1)
    if nodes > 1:
        raise UsageError(
            f"trials of this sweep take {nodes} machines, a function's run on one",
            hint="use `lightning-sweeps agent` on each machine",
        )


def _check_isolation() -> None:
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise LaunchError(
            "`isolate=True` is not possible: this process has already used CUDA, which a fork cannot use",
            hint="restart the kernel and call `agent` before anything touches the GPU",
        )


@dataclass(slots=True)
class _Agent:
    presence: Presence
    function: Function
    isolate: bool

    def run(self, count: int | None) -> int:
        done = 0
        try:
            while count is None or done < count:
                self._turn_to("no trial to be had")
                lease = self.presence.lease(wait_s=LEASE_WAIT_S)
                if lease is None:
                    self._turn_to("the server did not answer")
                    time.sleep(max(POLL_S, self.presence.link.ready_in_s))
                elif lease.trial is not None:
                    self._run_trial(lease.trial)
                    done += 1
                elif lease.sweep_state in OVER:
                    _say(f"the sweep is {lease.sweep_state}" + (f": {lease.reason}" if lease.reason else ""))
                    break
        finally:
            _say(self.presence.ledger.summary(now=time.monotonic()))
            with contextlib.suppress(ServerError):  # the lease expires by itself
                self.presence.leave()
        return done

    def _turn_to(self, use: Use) -> float:
        now = time.monotonic()
        self.presence.ledger.turn_to(use, now=now)
        return now

    def _run_trial(self, trial: m.Trial) -> None:
        leased = self._turn_to("starts and ends of trials")
        shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
        _say(f"trial {trial.number} ({trial.id}) starts: {shown}")
        path = Home(read_settings().home).trial(trial.id).parameters
        file = describe_trial(trial, self.presence.sweep)
        write_whole(path, msgspec.json.encode(file), is_synced=False)
        self.presence.start(trial, start_local=True)
        interrupt: BaseException | None = None
        began = self._turn_to("trials")
        spent_s = self.presence.ledger.told(now=began)
        heart = Heart(self.presence.agent_id, trial.id, self.presence.lease_s, spent_s)
        with heart.beating(), _environment(path):
            if self.isolate:
                end = call_in_a_fork(self.function, file, path, heart)
            else:
                end, interrupt = call_here(self.function, file, heart)
        ran_s = self._turn_to("starts and ends of trials") - began
        end = replace(end, start_s=began - leased, ran_s=ran_s)
        if heart.is_lost:
            _say(f"trial {trial.number} is no longer this agent's")
        else:
            self._report(trial, end)
        if interrupt is not None:
            raise interrupt

    def _report(self, trial: m.Trial, end: m.TrialEnd) -> None:
        _say(f"trial {trial.number} ({trial.id}) {end.state}" + (f": {end.reason}" if end.reason else ""))
        while self.presence.end(trial, end) is None:
            time.sleep(max(POLL_S, self.presence.link.ready_in_s))


@contextlib.contextmanager
def _environment(trial_file: Path) -> Iterator[None]:
    """Have this process, and those that it starts, belong to the trial."""
    set_variable("TRIAL", str(trial_file))
    try:
        yield
    finally:
        unset_variable("TRIAL")


def _say(text: str) -> None:
    print(f"agent: {text}", flush=True)
