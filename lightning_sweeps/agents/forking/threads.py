"""Decides whether the threads of this process allow a fork.

A fork has only the thread that calls it, but the locks that other threads held stay locked. A thread that sleeps in the
kernel until it gets work holds no lock of the allocator. Some libraries start such a thread in C when they are loaded,
and PyTorch forks its data loader's workers beside them. So the threads in C that the libraries of every trial have
started may stay if they sleep; any other thread forbids the fork.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Set
from pathlib import Path

TASKS = Path("/proc/self/task")
SLEEPING = "S"
FALLS_ASLEEP_S = 0.2


def native_threads() -> frozenset[int]:
    """Return the kernel's ids of all threads but the main thread."""
    return frozenset(int(entry.name) for entry in TASKS.iterdir()) - {threading.main_thread().native_id or 0}


def thread_problem(known: Set[int]) -> str:
    """Return why this process's threads forbid a fork, or an empty string.

    Args:
        known: the ids of threads that may be there if they sleep.
    """
    new = native_threads() - known
    if new:
        names = ", ".join(sorted({f"`{_name(thread)}`" for thread in new}))
        return f"the imports have started {len(new)} more thread{'' if len(new) == 1 else 's'} ({names})"
    if threading.active_count() > 1:
        return "the imports have started a thread in Python"
    deadline = time.monotonic() + FALLS_ASLEEP_S
    while any(_state(thread) != SLEEPING for thread in native_threads()):
        if time.monotonic() > deadline:
            return "a thread of an imported library does not sleep"
        time.sleep(0.001)
    return ""


def _name(thread: int) -> str:
    try:
        return (TASKS / str(thread) / "comm").read_text().strip()
    except OSError:
        return "ended"


def _state(thread: int) -> str:
    """Return the one-letter state of a thread; a thread that has ended counts as sleeping."""
    try:
        return (TASKS / str(thread) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return SLEEPING
