"""Docstrings of public names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from tools.check.files import modules, relative, tree
from tools.check.names import MAY_REPEAT

Documented: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_names_have_docstrings() -> list[str]:
    """Every module, public class and public function of the package has a docstring."""
    found = [f"{relative(path)}: the module" for path in modules() if ast.get_docstring(tree(path)) is None]
    for path, node in _public():
        if ast.get_docstring(node) is None:
            found.append(f"{relative(path)}:{node.lineno}: `{node.name}`")
    return found


def docstrings_end_with_a_period() -> list[str]:
    """The first line of a docstring is a sentence: it ends with a period, or with a colon before an example."""
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, Documented | ast.Module):
                first = (ast.get_docstring(node) or ".").splitlines()[0]
                if not first.endswith((".", ":", '"', "`")):
                    found.append(f"{relative(path)}:{getattr(node, 'lineno', 1)}: {first[:100]}")
    return found


def _public() -> Iterator[tuple[Path, Documented]]:
    """Yield the public classes and functions of each module. Reviewers check methods and helpers."""
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, Documented) and not node.name.startswith("_") and not _is_exempt(path, node):
                yield path, node


def _is_exempt(path: Path, node: Documented) -> bool:
    """Return whether a name needs no docstring: a migration's steps, a program's `main`, a class that inherits one."""
    return "migrations" in path.parts or node.name == "main" or node.name in MAY_REPEAT
