"""Tells the modules of commands whether only their help is shown, which needs no HTTP client and no rich.

A command's module imports what only its functions use under a condition:

    if not is_help_only():
        from lightning_sweeps.client.connection import connect

Help shows the declarations and never calls the functions.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_is_help_only = False


def is_help_only() -> bool:
    """Return whether this process imports the module of a command only for its help, or to complete its options."""
    return _is_help_only


def import_for_help(module: str) -> ModuleType:
    """Import the module of a command without what its functions need. This process cannot call them afterwards."""
    global _is_help_only
    _is_help_only = True
    return importlib.import_module(module)
