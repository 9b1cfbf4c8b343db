"""Prepares imported libraries for a fork, and restores in each fork the state of a new process."""

from __future__ import annotations

import importlib
import os
import sys
import weakref
from collections.abc import Collection, Mapping
from typing import Any

from lightning_sweeps.agents.forking.random_generators import reseed


def prepare_for_fork() -> None:
    """Make this process, which has just imported libraries, safe to fork.

    OpenBLAS starts threads when it is loaded, ends them before each fork, and restarts them when they are next needed.
    One empty fork leaves this process without these threads. Libraries' finalizers belong to this process: a fork that
    ran them would delete files that all forks share.
    """
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    registry: dict[weakref.finalize[Any, Any], object] = weakref.finalize._registry  # type: ignore[attr-defined]
    for finalizer in list(registry):
        finalizer.atexit = False


def restore(environ: Mapping[str, str], *, seeded: Collection[str] = ()) -> None:
    """Give the imported libraries the state that they would have in a new process with this environment.

    Args:
        environ: the environment.
        seeded: libraries whose random generator an import has seeded.
    """
    importlib.invalidate_caches()
    reseed(kept=seeded)
    _restore_lightning(int(environ.get("RANK", "0")))


def _restore_lightning(rank: int) -> None:
    """Set the rank that Lightning reads from the environment when it is imported."""
    rank_zero: Any = sys.modules.get("lightning_utilities.core.rank_zero")
    if rank_zero is not None:
        rank_zero.rank_zero_only.rank = rank
