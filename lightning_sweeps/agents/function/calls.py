"""One trial as a call of a function, in this process or in a fork of it: how it ended, and nothing of it left."""

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
from lightning_sweeps.agents.function.heartbeat import Heart
from lightning_sweeps.agents.launch.failure import explain, tail
from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.sdk.run import describe_error
from lightning_sweeps.sdk.session import end_runs
from lightning_sweeps.system.process_tree import Tree, identify, kill_tree

POLL_S = 0.02
STOP_GRACE_S = 30.0

Function = Callable[..., object]


def call(function: Function, trial: TrialFile) -> None:
    """Call the function with what it takes: the trial, or nothing."""
    takes_trial = any(
        parameter.default is inspect.Parameter.empty
        and parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(function).parameters.values()
    )
    if takes_trial:
        function(trial)
    else:
        function()


def call_here(function: Function, trial: TrialFile, heart: Heart) -> tuple[m.TrialEnd, BaseException | None]:
    """Call the function in this process; return how the trial ended, and an interrupt that is to go on."""
    try:
        call(function, trial)
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


def _end(heart: Heart, problem: str, printed: str) -> m.TrialEnd:
    if problem:
        return m.TrialEnd("failed", 1, problem, printed)
    return m.TrialEnd("stopped", 0, heart.stop) if heart.stop else m.TrialEnd("finished", 0)


def call_in_a_fork(function: Function, trial: TrialFile, path: Path, heart: Heart) -> m.TrialEnd:
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
        call(function, trial)
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
