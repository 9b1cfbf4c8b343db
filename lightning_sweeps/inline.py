"""`lightning_sweeps.agent(sweep_id, function=train)`: trials as calls of a function, in scripts and notebooks."""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.agent.environment import DEVICES_VARIABLE, device_names
from lightning_sweeps.agent.failure import explain, tail
from lightning_sweeps.agent.ledger import Ledger, Use
from lightning_sweeps.agent.link import START_DEADLINE_S, ServerLink
from lightning_sweeps.connection import connect
from lightning_sweeps.errors import LaunchError, ServerError, ServerRefused, UsageError
from lightning_sweeps.files import TrialFile
from lightning_sweeps.gpus import list_gpus, visible_gpus
from lightning_sweeps.node import node_id
from lightning_sweeps.paths import Home, write_whole
from lightning_sweeps.process_tree import Tree, identify, kill_tree
from lightning_sweeps.sdk.run import describe_error
from lightning_sweeps.sdk.session import end_runs
from lightning_sweeps.sdk.trial import current_trial
from lightning_sweeps.settings import environment, read_settings, set_variable, unset_variable

LEASE_WAIT_S = 5.0
HEARTBEATS_PER_LEASE = 4
LONGEST_HEARTBEAT_S = 3.0
POLL_S = 0.02
STOP_GRACE_S = 30.0
OVER = frozenset({"finished", "stopped", "cancelled"})

Function = Callable[..., object]


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
        _call(function, trial)
        return 1
    if isolate:
        _check_isolation()
    link = ServerLink(_say, read_settings())
    try:
        visible = environment().get(DEVICES_VARIABLE)
        gpus = visible_gpus(list_gpus(), visible)
        about = m.AgentRegister(socket.gethostname(), node_id(), os.getpid(), 0, device_names(gpus, visible))
        registered = link.open().register_agent(sweep_id, about)
        _check_nodes(registered.sweep)
        return _Agent(registered, link, function, isolate, Ledger(len(gpus), time.monotonic())).run(count)
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
    registered: m.AgentRegistered
    link: ServerLink
    function: Function
    isolate: bool
    ledger: Ledger

    def run(self, count: int | None) -> int:
        done = 0
        try:
            while count is None or done < count:
                self._turn_to("no trial to be had")
                lease = self.link.attempt(
                    lambda client: client.lease(self.registered.agent.id, wait_s=LEASE_WAIT_S), start_local=True
                )
                if lease is None:
                    self._turn_to("the server did not answer")
                    time.sleep(max(POLL_S, self.link.ready_in_s))
                elif lease.trial is not None:
                    self._run_trial(lease.trial)
                    done += 1
                elif lease.sweep_state in OVER:
                    _say(f"the sweep is {lease.sweep_state}" + (f": {lease.reason}" if lease.reason else ""))
                    break
        finally:
            spent_s = self.ledger.told(now=time.monotonic())
            _say(self.ledger.summary(now=time.monotonic()))
            with contextlib.suppress(ServerError):  # the lease expires by itself
                agent_id = self.registered.agent.id
                self.link.attempt(
                    lambda client: client.heartbeat(agent_id, trial=None, spent_s=spent_s), start_local=False
                )
                self.link.attempt(lambda client: client.leave(self.registered.agent.id), start_local=False)
        return done

    def _turn_to(self, use: Use) -> float:
        now = time.monotonic()
        self.ledger.turn_to(use, now=now)
        return now

    def _run_trial(self, trial: m.Trial) -> None:
        leased = self._turn_to("starts and ends of trials")
        shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
        _say(f"trial {trial.number} ({trial.id}) starts: {shown}")
        path = Home(read_settings().home).trial(trial.id).parameters
        file = _trial_file(trial, self.registered.sweep)
        write_whole(path, msgspec.json.encode(file), is_synced=False)
        agent_id = self.registered.agent.id
        self.link.attempt(lambda client: client.start_trial(agent_id, trial.id), start_local=True)
        interrupt: BaseException | None = None
        began = self._turn_to("trials")
        spent_s = self.ledger.told(now=began)
        with _Heart(agent_id, trial.id, self.registered.lease_s, spent_s).beating() as heart, _environment(path):
            if self.isolate:
                end = _in_a_fork(self.function, file, path, heart)
            else:
                end, interrupt = _here(self.function, file, heart)
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
        while True:
            told = self.link.attempt(
                lambda client: client.end_trial(self.registered.agent.id, trial.id, end), start_local=True
            )
            if told is not None:
                return
            time.sleep(max(POLL_S, self.link.ready_in_s))


def _trial_file(trial: m.Trial, sweep: m.Sweep) -> TrialFile:
    return TrialFile(
        id=trial.id,
        sweep=sweep.id,
        sweep_name=sweep.name,
        project=sweep.project,
        number=trial.number,
        attempt=trial.attempt,
        params=trial.params,
        metric=sweep.metric,
        goal=sweep.goal,
    )


@contextlib.contextmanager
def _environment(trial_file: Path) -> Iterator[None]:
    """Have this process, and those that it starts, belong to the trial."""
    set_variable("TRIAL", str(trial_file))
    try:
        yield
    finally:
        unset_variable("TRIAL")


@dataclass(slots=True)
class _Heart:
    """Keeps the lease while the function runs, in a thread; `stop` is why the server wants the trial to end.

    `spent_s`: the agent's time by use until the trial's start, which the server hears with each beat.

    Its own client: one is not shared between threads. While the server is away the function goes on.
    """

    agent_id: str
    trial_id: str
    lease_s: float
    spent_s: dict[str, float]
    stop: str = ""
    is_lost: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def beating(self) -> Iterator[_Heart]:
        thread = threading.Thread(target=self._beat, name="lightning-sweeps-heart", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        wait_s = min(self.lease_s / HEARTBEATS_PER_LEASE, LONGEST_HEARTBEAT_S)
        while not self._over.wait(wait_s):
            try:
                with connect(start_local=False, deadline_s=START_DEADLINE_S) as client:
                    self._hear(client.heartbeat(self.agent_id, trial=self.trial_id, spent_s=self.spent_s))
            except ServerRefused as error:
                self.is_lost = self.is_lost or error.status in (404, 409)
            except ServerError:  # the link says it when the trial's end is told
                continue

    def _hear(self, orders: m.AgentOrders) -> None:
        if orders.lease_lost:
            self.is_lost = True
        for command in orders.commands:
            self.stop = self.stop or command.reason or "the server asked for it"


def _here(function: Function, trial: TrialFile, heart: _Heart) -> tuple[m.TrialEnd, BaseException | None]:
    """Call the function in this process; return how the trial ended, and an interrupt that is to go on."""
    try:
        _call(function, trial)
    except KeyboardInterrupt as interrupt:
        end_runs("killed", "interrupted from the keyboard")
        return m.TrialEnd("preempted", None, "ended by Ctrl-C"), interrupt
    except SystemExit as ended:
        failed = ended.code not in (None, 0)
        end_runs("failed" if failed else "finished", "")
        return _end(heart, f"the program ended with `{ended.code}`" if failed else "", ""), None
    except BaseException as error:
        traceback.print_exc()
        end_runs("failed", describe_error(error))
        return _end(heart, describe_error(error), tail(traceback.format_exc())), None
    end_runs("finished", "")
    return _end(heart, "", ""), None


def _end(heart: _Heart, problem: str, printed: str) -> m.TrialEnd:
    if problem:
        return m.TrialEnd("failed", 1, problem, printed)
    return m.TrialEnd("stopped", 0, heart.stop) if heart.stop else m.TrialEnd("finished", 0)


def _in_a_fork(function: Function, trial: TrialFile, path: Path, heart: _Heart) -> m.TrialEnd:
    """Call the function in a fork; end all that it leaves. A trial that does not obey a stop is killed."""
    sys.stdout.flush()
    sys.stderr.flush()
    log = Home(read_settings().home).trial(trial.id).stderr
    log.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        _be_the_trial(function, trial, log)
    first = identify(child)
    status: int | None = None
    kill_at: float | None = None
    try:
        while status is None:
            pid, waited = os.waitpid(child, os.WNOHANG)
            status = waited if pid else None
            if heart.stop and kill_at is None:
                kill_at = time.monotonic() + STOP_GRACE_S
            if status is None and (heart.is_lost or (kill_at is not None and time.monotonic() > kill_at)):
                os.kill(child, signal.SIGKILL)
            time.sleep(0 if status is not None else POLL_S)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        if first is not None:
            kill_tree(Tree(first, path))
    printed = log.read_text() if log.exists() else ""
    code = os.waitstatus_to_exitcode(status)
    return _end(heart, explain(code, printed) if code and not heart.stop else "", tail(printed))


def _be_the_trial(function: Function, trial: TrialFile, log: Path) -> None:
    """Call the function, leave word of what it raised, and end this fork."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that forked this one hears it
        _call(function, trial)
        status = 0
        end_runs("finished", "")
    except BaseException as error:
        log.write_text(traceback.format_exc())
        traceback.print_exc()
        end_runs("failed", describe_error(error))
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _call(function: Function, trial: TrialFile) -> None:
    takes_trial = any(
        parameter.default is inspect.Parameter.empty
        and parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(function).parameters.values()
    )
    if takes_trial:
        function(trial)
    else:
        function()


def _say(text: str) -> None:
    print(f"agent: {text}", flush=True)
