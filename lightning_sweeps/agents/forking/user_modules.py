"""Tells the modules of the user, which a preload has imported, from those of installed libraries."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

INSTALLED = ("site-packages", "dist-packages")
PACKAGE = "lightning_sweeps"


def library_names() -> list[str]:
    """Return the names of all imported modules that belong to Python, to an installed package or to this package."""
    own = {name for name, _ in user_modules()}
    return [name for name in sys.modules if name not in own]


def user_modules() -> Iterator[tuple[str, str]]:
    """Yield name and file of each imported module whose file is neither in Python's folders nor installed.

    An attribute of a module may run code of the user, for example an import. So only the dictionaries of modules are
    read.
    """
    for name, module in list(sys.modules.items()):
        file = attributes_of(module).get("__file__")
        if isinstance(file, str) and name.partition(".")[0] not in (PACKAGE, "__main__") and not _is_installed(file):
            yield name, file


def attributes_of(module: object) -> dict[str, object]:
    """Return the dictionary of a module without running code of the module; empty if it is another kind of object."""
    if not issubclass(type(module), ModuleType):
        return {}
    attributes: dict[str, object] = ModuleType.__getattribute__(module, "__dict__")
    return attributes


def _is_installed(file: str) -> bool:
    path = Path(file)
    return any(part in INSTALLED for part in path.parts) or any(path.is_relative_to(folder) for folder in _PYTHON)


_PYTHON = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
