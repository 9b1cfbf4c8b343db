"""Runs one trial as a function call, in this process or in a fork, and returns how it ended."""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from lightning_sweeps import messages as m
from lightning_sweeps.agents.function.heartbeat import LeaseHeartbeat
from lightning_sweeps.agents.launch.failure import tail
from lightning_sweeps.agents.launch.reason import explain
from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.sdk.error_text import describe_error
from lightning_sweeps.sdk.session import end_runs
from lightning_sweeps.system.process_tree import ProcessTree, identify, kill_tree

POLL_S = 0.02
STOP_GRACE_S = 30.0
FAILED = 1

Function = Callable[..., object]


def call(function: Function, trial: TrialFile) -> None:
    """Call the function, with the trial if it takes an argument."""
    takes_trial = any(
        parameter.default is inspect.Parameter.empty
        and parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(function).parameters.values()
    )
    if takes_trial:
        function(trial)
    else:
        function()


def call_here(
    function: Function, trial: TrialFile, heartbeat: LeaseHeartbeat
) -> tuple[m.TrialEnd, BaseException | None]:
    """Call the function in this process.

    Returns:
        How the trial ended, and a KeyboardInterrupt that the caller must raise after it has reported the end.
    """
    try:
        call(function, trial)
    except KeyboardInterrupt as interrupt:
        end_runs("killed", "interrupted from the keyboard")
        return m.TrialEnd("preempted", None, "ended by Ctrl-C"), interrupt
    except SystemExit as ended:
        problem = _describe_exit(ended)
        end_runs("failed" if problem else "finished", problem)
        return _end(heartbeat, problem, ""), None
    except BaseException as error:
        traceback.print_exc()
        end_runs("failed", describe_error(error))
        return _end(heartbeat, describe_error(error), tail(traceback.format_exc())), None
    end_runs("finished", "")
    return _end(heartbeat, "", ""), None


def _describe_exit(ended: SystemExit) -> str:
    """Return why a function ended its program; empty for a good end."""
    if ended.code in (None, 0):
        return ""
    if not isinstance(ended.code, int):
        return str(ended.code)
    if ended.__context__ is not None:  # for example argparse, which has printed the same
        return describe_error(ended.__context__)
    called = traceback.extract_tb(ended.__traceback__)[-1]
    return f"`sys.exit({ended.code})` in {called.name}, line {called.lineno} of `{called.filename}`"


def _end(heartbeat: LeaseHeartbeat, problem: str, printed: str) -> m.TrialEnd:
    if problem:
        return m.TrialEnd("failed", 1, problem, printed)
    if heartbeat.stop_reason:
        return m.TrialEnd("stopped", 0, heartbeat.stop_reason)
    return m.TrialEnd("finished", 0)


def call_in_fork(function: Function, trial: TrialFile, path: Path, heartbeat: LeaseHeartbeat) -> m.TrialEnd:
    """Call the function in a fork, then end all its remaining processes.

    A trial that does not stop within `STOP_GRACE_S` seconds is killed.

    Args:
        function: runs the trial.
        trial: the trial.
        path: the trial's file, which identifies its processes.
        heartbeat: reports whether the server wants the trial to end.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    log = Home(read_settings().home).trial(trial.id).stderr
    log.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        _become_trial(function, trial, log)
    first = identify(child)
    try:
        status = _wait(child, heartbeat)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        if first is not None:
            kill_tree(ProcessTree(first, path))
    printed = log.read_text() if log.exists() else ""
    code = os.waitstatus_to_exitcode(status)
    return _end(heartbeat, explain(code, printed) if code and not heartbeat.stop_reason else "", tail(printed))


def _wait(child: int, heartbeat: LeaseHeartbeat) -> int:
    """Wait for the fork; return its wait status."""
    kill_at: float | None = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        if heartbeat.stop_reason and kill_at is None:
            kill_at = time.monotonic() + STOP_GRACE_S
        if heartbeat.is_lost or (kill_at is not None and time.monotonic() > kill_at):
            os.kill(child, signal.SIGKILL)
        time.sleep(POLL_S)


def _become_trial(function: Function, trial: TrialFile, log: Path) -> None:
    """Call the function, write its exception to the log, and end this fork."""
    status = FAILED
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
        call(function, trial)
        status = 0
        end_runs("finished", "")
    except SystemExit as ended:
        problem = _describe_exit(ended)
        status = FAILED if problem else 0
        log.write_text(problem)
        end_runs("failed" if problem else "finished", problem)
    except BaseException as error:
        log.write_text(traceback.format_exc())
        traceback.print_exc()
        end_runs("failed", describe_error(error))
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
