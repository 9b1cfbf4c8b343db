"""The agent: leases trials and runs them on one slot.

The package is also the function that people call, `lightning_sweeps.agent(sweep_id, function=train)`: `inline.py`.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    """`lightning_sweeps.agent` names a package and, as in W&B, a function."""

    def __call__(self, *arguments: Any, **options: Any) -> int:
        run: Any = importlib.import_module("lightning_sweeps.inline")
        trials: int = run.agent(*arguments, **options)
        return trials


sys.modules[__name__].__class__ = _CallablePackage
