"""Delays the imports of commands, so that `COMMAND --help` needs neither an HTTP client nor rich.

A command's module imports what only its functions use in a block:

    with delayed_imports():
        from lightning_sweeps.client.connection import connect

If the command line imports the module (`import_declarations`), the names of the block are `Delayed` until
`import_delayed` gives them their values, before the command runs. Everywhere else the block imports at once.
"""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any


@dataclass(frozen=True, slots=True)
class Delayed:
    """A name that is not imported yet.

    Attributes:
        module: the module to import.
        name: what to take from the module; empty: the module itself.
    """

    module: str
    name: str = ""

    def resolve(self) -> Any:
        """Import the module and return the value of the name."""
        module = importlib.import_module(self.module)
        if not self.name:
            return module
        if not hasattr(module, self.name):  # a submodule
            return importlib.import_module(f"{self.module}.{self.name}")
        return getattr(module, self.name)


_is_delaying = False
_namespaces: list[dict[str, Any]] = []


def import_declarations(module: str) -> ModuleType:
    """Import the module of a command without what its blocks of `delayed_imports` import."""
    global _is_delaying
    before, _is_delaying = _is_delaying, True
    try:
        return importlib.import_module(module)
    finally:
        _is_delaying = before


def import_delayed() -> None:
    """Import what was delayed until now."""
    while _namespaces:
        namespace = _namespaces.pop()
        delayed = {name: value for name, value in namespace.items() if isinstance(value, Delayed)}
        namespace.update({name: value.resolve() for name, value in delayed.items()})


@contextmanager
def delayed_imports() -> Iterator[None]:
    """Delay the imports of this block until the command runs, if the command line imports the module."""
    if not _is_delaying:
        yield
        return
    real = builtins.__import__
    builtins.__import__ = _delay
    try:
        yield
    finally:
        builtins.__import__ = real


def _delay(
    name: str,
    globals: Mapping[str, object] | None = None,  # noqa: A002  the names of `__import__`
    locals: Mapping[str, object] | None = None,  # noqa: A002, ARG001
    fromlist: Sequence[str] | None = (),
    level: int = 0,  # noqa: ARG001
) -> Any:
    """Return a stand-in for a module, as `__import__` does for `from name import ...` and `import name`."""
    if isinstance(globals, dict) and not any(globals is known for known in _namespaces):
        _namespaces.append(globals)
    if not fromlist:
        return Delayed(name)
    return SimpleNamespace(**{attribute: Delayed(name, attribute) for attribute in fromlist})
