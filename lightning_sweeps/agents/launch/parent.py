"""Ties a process to its parent: a signal when the parent dies, and the adoption of orphans (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def become_subreaper() -> bool:
    """Make this process adopt its orphaned descendants (Linux); return whether it does."""
    return _LIBC is not None and _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent(number: signal.Signals) -> None:
    """Make the kernel send this process a signal when its parent ends (Linux). Does nothing elsewhere."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def tied_to_this_process(number: signal.Signals) -> Callable[[], None]:
    """Return a function that a child runs before exec. It makes the child receive a signal when this process ends."""
    parent = os.getpid()
    return lambda: tie_to(parent, number)


def tie_to(parent: int, number: signal.Signals) -> None:
    """Make the kernel send this process a signal when its parent ends; exit at once if `parent` has already ended."""
    die_with_parent(number)
    if os.getppid() != parent:  # it ended before the call above
        os._exit(1)
