"""Runs a Python file in this process like `python FILE`, from `__main__` to the exit status."""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import os
import signal
import sys
import threading
import types
from collections.abc import Sequence, Set
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, NoReturn

STATUS_BYTES = 0xFF
FAILED = 1


def run_to_the_end(program: str, arguments: Sequence[str]) -> NoReturn:
    """Run the file, then end this process with the exit status that `python FILE` would have."""
    before = frozenset(sys.modules)
    status, is_interrupted = FAILED, False
    try:
        status, is_interrupted = _run(program, arguments)
        _finalize(before, Path(program).resolve().parent)
    except BaseException:
        sys.__excepthook__(*sys.exc_info())
    finally:
        _flush()
        if is_interrupted:  # as Python does: end by the signal, so that the parent sees an interrupt
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(status & STATUS_BYTES)


def _run(program: str, arguments: Sequence[str]) -> tuple[int, bool]:
    """Return the exit status, and whether an interrupt ended the program."""
    try:
        _execute(program, arguments)
    except SystemExit as ended:
        return _status_of(ended.code), False
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next  # hide the frames of this file
        error.__traceback__ = trace
        sys.excepthook(type(error), error, trace)
        return FAILED, isinstance(error, KeyboardInterrupt)
    return 0, False


def _execute(program: str, arguments: Sequence[str]) -> None:
    path = str(Path(program).absolute())
    sys.argv = [program, *arguments]
    sys.orig_argv = [sys.executable, program, *arguments]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(Path(path).resolve().parent)
    main = types.ModuleType("__main__")
    loader = SourceFileLoader("__main__", path)
    vars(main).update(__file__=path, __builtins__=builtins, __cached__=None, __loader__=loader, __annotations__={})
    sys.modules["__main__"] = main
    with io.open_code(path) as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    exec(code, vars(main))  # noqa: S102 - this process exists to run the trial's program


def _status_of(code: Any) -> int:
    """Return the exit status of `sys.exit(code)`."""
    if code is None or isinstance(code, int):
        return int(code or 0)
    print(code, file=sys.stderr)
    return FAILED


def _finalize(before: Set[str], folder: Path) -> None:
    """Do what the interpreter does at exit, where programs rely on it. Libraries stay loaded."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for the program's threads
    atexit._run_exitfuncs()
    own = [module for name, module in sys.modules.items() if name not in before and _is_in(module, folder)]
    for module in [*own, sys.modules["__main__"]]:
        vars(module).clear()  # an open file is flushed when its object is deleted
    gc.collect()


def _is_in(module: Any, folder: Path) -> bool:
    path = getattr(module, "__file__", None) or ""
    return Path(path).is_relative_to(folder) and "site-packages" not in path


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed by the program, or replaced
            continue
