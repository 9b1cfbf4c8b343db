"""The repository's own text files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "lightning_sweeps"

FOLDERS = (
    "lightning_sweeps", "dashboard", "tests", "tools", "docs", "examples", "benchmarks", ".github", ".ci",
)  # fmt: skip
SUFFIXES = {
    ".py", ".md", ".yaml", ".yml", ".toml", ".sh", ".ts", ".tsx", ".css", ".html", ".json", ".mako", ".ipynb",
}  # fmt: skip
SKIPPED = {"node_modules", "static", "static.new", "__pycache__", "lightning_logs", "package-lock.json"}


@cache
def text_files() -> tuple[Path, ...]:
    """Return every text file that people write in this repository: code, tests, docs and configuration."""
    top = [path for path in ROOT.iterdir() if path.is_file() and (path.suffix in SUFFIXES or path.name == "Makefile")]
    return tuple(sorted([*top, *(path for folder in FOLDERS for path in _below(ROOT / folder))]))


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python file of the package."""
    return tuple(path for path in text_files() if path.suffix == ".py" and PACKAGE in path.parents)


@cache
def tree(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(path.read_text())


def relative(path: Path) -> str:
    """Return the path from the repository's root, as messages and tables name it."""
    return path.relative_to(ROOT).as_posix()


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in SKIPPED:
            continue
        if path.is_dir():
            yield from _below(path)
        elif path.suffix in SUFFIXES:
            yield path
