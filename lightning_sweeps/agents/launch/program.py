"""Runs a Python file in this process like `python FILE`, and returns the exit status that `python FILE` would have."""

from __future__ import annotations

import builtins
import io
import os
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

STATUS_BYTES = 0xFF
FAILED = 1
STDERR = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended.

    Attributes:
        status: the exit status.
        is_interrupted: whether an interrupt ended it.
    """

    status: int
    is_interrupted: bool = False


def run_program(program: str, arguments: Sequence[str]) -> Outcome:
    """Run the file as `__main__` until its last line or its exception, which is printed."""
    error: BaseException | None = None
    try:
        _execute(program, arguments)
    except BaseException as raised:
        error = raised
    if error is None:
        return Outcome(0)
    return _end_of(_without_own_frames(error))


def _execute(program: str, arguments: Sequence[str]) -> None:
    path = str(Path(program).absolute())
    sys.argv = [program, *arguments]
    sys.orig_argv = [sys.executable, program, *arguments]
    main = types.ModuleType("__main__")
    loader = SourceFileLoader("__main__", path)
    vars(main).update(__file__=path, __builtins__=builtins, __cached__=None, __loader__=loader, __annotations__={})
    sys.modules["__main__"] = main
    with io.open_code(path) as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    exec(code, vars(main))  # noqa: S102 - this process exists to run the trial's program


def _end_of(error: BaseException) -> Outcome:
    """Return how Python ends after an exception that nothing has caught; call `sys.excepthook` if there is one."""
    if isinstance(error, SystemExit):
        return Outcome(_status_of(error.code))
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    second: BaseException | None = None
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        print("sys.excepthook is missing", file=sys.stderr)
        hook = sys.__excepthook__
    try:
        hook(type(error), error, error.__traceback__)
    except BaseException as raised:
        second = raised
    if isinstance(second, SystemExit):
        return Outcome(_status_of(second.code))
    if second is not None:
        print("Error in sys.excepthook:", file=sys.stderr)
        _show(_without_own_frames(second))
        print("\nOriginal exception was:", file=sys.stderr)
        _show(error)
    return Outcome(FAILED, is_interrupted=isinstance(error, KeyboardInterrupt))


def _show(error: BaseException) -> None:
    sys.__excepthook__(type(error), error, error.__traceback__)


def _without_own_frames(error: BaseException) -> BaseException:
    """Return the exception without the frames of this file at the beginning of its traceback."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return error.with_traceback(trace)


def _status_of(code: Any) -> int:
    """Return the exit status of `sys.exit(code)`. Print the code if it is not a number."""
    if code is None or isinstance(code, int):
        return int(code or 0) & STATUS_BYTES
    try:
        text = str(code)
    except Exception:  # Python ends the empty line nevertheless
        text = ""
    if sys.stderr is None:
        os.write(STDERR, f"{text}\n".encode(errors="backslashreplace"))
    else:
        print(text, file=sys.stderr)
    return FAILED
