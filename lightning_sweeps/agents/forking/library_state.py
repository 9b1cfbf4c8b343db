"""What a fork must put right in libraries that were imported before it was forked, so that it is as if started cold."""

from __future__ import annotations

import os
import random
import sys
import weakref
from collections.abc import Mapping
from typing import Any


def settle() -> None:
    """Make this process, which has just imported libraries, fit to be forked.

    OpenBLAS starts threads when it is loaded, ends them before any fork, and starts them again where they are next
    needed: one fork that does nothing leaves this process without them, and its later forks with what they want.
    Libraries' finalizers are this process's own: a fork that ran them would delete what it shares with others.
    """
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    registry: dict[weakref.finalize[Any, Any], object] = weakref.finalize._registry  # type: ignore[attr-defined]
    for finalizer in list(registry):
        finalizer.atexit = False


def restore(environ: Mapping[str, str]) -> None:
    """Give the imported libraries the state that they have in a process of their own with this environment."""
    reseed()
    _restore_lightning(int(environ.get("RANK", "0")))


def reseed() -> None:
    """Draw new random states from the system, as a start does: else all trials would begin with the same weights.

    torch's generators for GPUs have the same fixed seed at every start, and keep it.
    """
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.seed()


def _restore_lightning(rank: int) -> None:
    """Lightning reads the rank from the environment once, when it is imported."""
    rank_zero: Any = sys.modules.get("lightning_utilities.core.rank_zero")
    if rank_zero is not None:
        rank_zero.rank_zero_only.rank = rank
