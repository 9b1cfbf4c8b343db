"""What a fork must put right in libraries that were imported before it was forked, so that it is as if started cold."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""Where OpenBLAS looks for its number of threads, in this order."""

BLAS_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)
_OPENBLAS = re.compile(r"\S*/\S*openblas\S*\.so\S*")


def restore(environ: Mapping[str, str]) -> None:
    """Give the imported libraries the state that they have in a process of their own with this environment."""
    reseed()
    _restore_lightning(int(environ.get("RANK", "0")))
    _restore_blas(_wanted_threads(environ))


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


def _wanted_threads(environ: Mapping[str, str]) -> int:
    given = next((environ[name] for name in BLAS_VARIABLES if environ.get(name, "").isdecimal()), None)
    return int(given) if given else len(os.sched_getaffinity(0))


def _restore_blas(threads: int) -> None:
    """Give OpenBLAS its threads: it was loaded with one, because a process with several must not be forked."""
    if threads <= 1:
        return
    for path in sorted(set(_OPENBLAS.findall(Path("/proc/self/maps").read_text()))):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(path)
            setter = next((found for name in BLAS_SETTERS if (found := getattr(library, name, None))), None)
            if setter is not None:
                setter(ctypes.c_int(threads))
