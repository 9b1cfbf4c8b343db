"""Finds out from a program's text, without running it, whether it can import torch.

Importing torch and Lightning takes seconds, so a fork server does so only for programs that may use them. A wrong
answer costs time and changes nothing else: a trial imports what its program asks for.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from lightning_sweeps.agents.forking.user_modules import INSTALLED, PACKAGE

TORCH = "torch"
USERS_OF_TORCH = frozenset({TORCH, "lightning", "pytorch_lightning", "torchmetrics", "torchvision", "transformers"})
"""Modules that are known to import torch, so that the metadata of packages need not be read."""

OPEN_ENDED = frozenset({"__import__", "exec", "eval", "import_module", "run_path", "run_module"})
"""Functions that can import a module that the text does not name. As methods, `exec` and `eval` are other things."""
METHODS_TOO = OPEN_ENDED - {"exec", "eval"}

MOST_FILES = 300
"""A program with more files of its own is not read to the end."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class ProgramImports:
    """What a program's own files import.

    Attributes:
        files: the program, and the files of its own modules.
        installed: first names of the installed modules that they import.
        is_complete: whether this is all; False if a file cannot be read, or imports what its text does not name.
    """

    files: list[str]
    installed: frozenset[str]
    is_complete: bool


def can_import_torch(imports: ProgramImports) -> bool:
    """Return False only if neither the program nor a package that it imports depends on torch."""
    if not imports.is_complete or imports.installed & USERS_OF_TORCH:
        return True
    return bool(imports.installed) and _depends_on_torch(imports.installed)


def read_imports(program: Path, *, path: Sequence[str] | None = None) -> ProgramImports:
    """Read a program and the modules of the user that it imports.

    Args:
        program: the Python file.
        path: where Python searches for modules; default: `sys.path`.
    """
    search = list(sys.path if path is None else path)
    waiting, seen, installed = [program], set[Path](), set[str]()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        names = None if len(seen) > MOST_FILES else imported_names(_text(file))
        if names is None:
            return ProgramImports(sorted(map(str, seen)), frozenset(installed), is_complete=False)
        for name in names - sys.stdlib_module_names - {PACKAGE}:
            own = _files_of(name, search)
            waiting += own or ()
            if own is None:
                installed.add(name)
    return ProgramImports(sorted(map(str, seen)), frozenset(installed), is_complete=True)


def imported_names(text: str | None) -> set[str] | None:
    """Return the first names of the modules that a file's text imports; None if that is not certain."""
    try:
        tree = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError):
        return None
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
        elif _is_open_ended(node):
            return None
    return names if text is not None else None


def _is_open_ended(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in METHODS_TOO
    return isinstance(node, ast.Name) and node.id in OPEN_ENDED


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _files_of(name: str, path: Sequence[str]) -> list[Path] | None:
    """Return the Python files of one of the user's modules; None for an installed or unknown module."""
    found = PathFinder.find_spec(name, path)
    if found is None or any(part in INSTALLED for part in Path(found.origin or "").parts):
        return None
    if found.submodule_search_locations:
        return [file for folder in found.submodule_search_locations for file in Path(folder).rglob("*.py")]
    return [Path(found.origin)] if found.origin and found.origin.endswith(".py") else None


def _depends_on_torch(modules: Collection[str]) -> bool:
    """Return whether a package of these modules requires torch, directly or through others, or is not known."""
    packages = metadata.packages_distributions()
    if not all(module in packages for module in modules):
        return True
    waiting = [package for module in modules for package in packages[module]]
    seen = set[str]()
    while waiting:
        package = waiting.pop().lower()
        if package == TORCH:
            return True
        if package not in seen:
            seen.add(package)
            waiting += _requirements(package)
    return False


def _requirements(package: str) -> list[str]:
    """Return the packages that an installed package requires. One that is not installed requires none."""
    try:
        required = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []
    return [found[0] for line in required if "extra ==" not in line and (found := _NAME.match(line))]
