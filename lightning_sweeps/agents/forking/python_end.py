"""Ends a forked trial as Python ends, but leaves the libraries loaded that the fork server imported.

Python waits for threads, runs `atexit` functions, stops daemon threads, and then clears all modules, which closes files
and runs `__del__` methods. With torch this takes half a second. So the last `atexit` function takes the libraries out
of `sys.modules`, and Python itself clears what the program has brought in. Python clears the module `sys` last; an
object in it then ends the process, before Python frees its own memory.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NoReturn

FLUSH_FAILED = 120
"""The status with which Python ends if its standard output or standard error cannot be flushed."""

NEVER_HIDDEN = frozenset({"sys", "builtins", "__main__"})
UNDISTURBED_S = 0.1
"""How long other threads let this one run after the last `atexit` function has asked for it."""

CALL_WITH_NULL_AT_EXIT = "__cxa_atexit"
LAST_ATTRIBUTE = "lightning_sweeps_end"


@dataclass(slots=True)
class PythonEnd:
    """The end of this process and of its forks. Create it before anything registers an `atexit` function.

    Attributes:
        libraries: modules that stay loaded, by name.
    """

    libraries: dict[str, ModuleType] = field(default_factory=dict)
    _libc: Any = None
    _status: int | None = None
    _is_interrupted: bool = False

    def __post_init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        atexit.register(self._hide_libraries)

    @property
    def problem(self) -> str:
        """Why forks cannot end in this way; empty if they can."""
        return "" if hasattr(self._libc, "on_exit") else "the system's C library has no function `on_exit`"

    def keep(self, names: Iterable[str]) -> None:
        """Keep these imported modules loaded at the end of forks."""
        self.libraries = {name: sys.modules[name] for name in names if name not in NEVER_HIDDEN}
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.libraries))  # they outlive this object

    def prepare_fork(self) -> None:
        """Skip the exit functions in C of the libraries that are loaded now. Those that the program loads will run."""
        self._libc.on_exit(self._libc._exit, None)
        getattr(self._libc, CALL_WITH_NULL_AT_EXIT)(self._libc.fflush, None, None)  # in reverse order: before `_exit`

    def begin(self, status: int, *, is_interrupted: bool) -> NoReturn:
        """End this fork with an exit status, or, after an interrupt, with SIGINT.

        Raises:
            SystemExit: always. It must reach the interpreter: Python shows functions that still run to `atexit`
                functions and in warnings.
        """
        self._status, self._is_interrupted = status, is_interrupted
        raise SystemExit(status)

    def _hide_libraries(self) -> None:
        """Run as the last `atexit` function. Python stops daemon threads next, and then clears all modules."""
        if self._status is None:  # the fork server itself ends, or a fork that runs no program
            return
        status = self._status if _are_flushed() else FLUSH_FAILED
        modules = sys.modules
        kept = {name: module for name, module in modules.items() if name not in self.libraries}
        if threading.active_count() > 1:  # a daemon thread must not run without its libraries
            sys.setswitchinterval(UNDISTURBED_S)
            time.sleep(0)
        if self._is_interrupted:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        setattr(sys, LAST_ATTRIBUTE, _LastObject(status, self._is_interrupted, self._libc.exit))
        modules.clear()
        modules.update(kept)


class _LastObject:
    """Ends the process when it is deleted, which is when Python clears the module `sys`."""

    def __init__(self, status: int, is_interrupted: bool, leave: Callable[[int], None]) -> None:
        self.status, self.is_interrupted, self.leave = status, is_interrupted, leave

    def __del__(
        self,
        kill: Callable[[int, int], None] = os.kill,
        pid_of_this: Callable[[], int] = os.getpid,
        interrupt: int = int(signal.SIGINT),
    ) -> None:
        """End this process. Globals may be cleared already, so everything that it needs is bound to it."""
        if self.is_interrupted:  # as Python does, so that the parent sees an interrupt
            kill(pid_of_this(), interrupt)
        self.leave(self.status)


def _are_flushed() -> bool:
    """Flush the standard streams as Python does; return whether that worked. Python reports the error itself."""
    works = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception:
            works = False
    return works
