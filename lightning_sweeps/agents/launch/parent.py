"""What ties a process to its parent: the kernel's signal at the parent's death, and the adoption of orphans (Linux)."""

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
    """Make this process adopt the orphans among its descendants (Linux); return whether it does."""
    return _LIBC is not None and _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux); elsewhere nothing happens."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def tied_to_this_process(number: signal.Signals) -> Callable[[], None]:
    """Return what a child must run before exec to get a signal when the calling process ends."""
    parent = os.getpid()
    return lambda: tie_to(parent, number)


def tie_to(parent: int, number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends, and end at once where `parent` has ended."""
    die_with_parent(number)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)
