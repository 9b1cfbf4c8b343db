"""What users read names commands or web pages: files of the repository are not where they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.check.files import PACKAGE, modules, relative, tree

OURS = re.compile(
    r"\b(docs/[\w/-]+\.md|(?:ARCHITECTURE|CONTRIBUTING|CHANGELOG)\.md|(?:examples|tests|benchmarks|packaging)/\w)"
)
SHOWN = ("api", "cli", "sdk", "trainer", "ask_tell")
"""Parts whose docstrings users read, as `help()` or `--help`. Elsewhere only messages count."""


def messages_name_no_files_of_the_repository() -> list[str]:
    """Return the places of strings that name a file of the repository."""
    found = []
    for path in modules():
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for line, text in _strings(tree(path), with_docstrings=part in SHOWN):
            found += [f"{relative(path)}:{line}: `{match.group()}`" for match in OURS.finditer(text)]
    return found


def _strings(module: ast.Module, *, with_docstrings: bool) -> Iterator[tuple[int, str]]:
    docstrings = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    first = module.body[0] if module.body else None
    own = id(first.value) if isinstance(first, ast.Expr) else None
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_shown = id(node) not in docstrings or (with_docstrings and id(node) != own)
            if is_shown:
                yield node.lineno, node.value
