"""First on PYTHONPATH, it puts a stand-in for a GPU into every Python process that imports torch.

Python imports this module when it starts. Importing torch here would take seconds in each process, and would change
what a fork server sees, so that torch is changed when the process imports it itself.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Finder:
    """Finds torch as Python does, and lets the stand-in change the module after it was executed."""

    def __init__(self) -> None:
        self._is_asking = False

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "torch" or self._is_asking:
            return None
        self._is_asking = True
        try:
            spec = importlib.util.find_spec("torch")
        finally:
            self._is_asking = False
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = functools.partial(_execute, loader.exec_module)
        return spec


def _execute(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    execute(module)
    from tests.gpu.rehearsal import cuda_stand_in  # imports torch

    cuda_stand_in.install()


sys.meta_path.insert(0, _Finder())
