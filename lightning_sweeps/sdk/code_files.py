"""Finds the source files of a program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

CODE_PATTERNS = ("*.py", "*.yaml", "*.yml", "*.toml", "*.sh")
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "lightning_logs"})
MAX_CODE_BYTES = 1024 * 1024


def find_code(folder: Path, patterns: Sequence[str] = CODE_PATTERNS) -> list[Path]:
    """Return the source files in a folder, without hidden folders, caches and files over 1 MiB.

    Args:
        folder: the folder.
        patterns: which files to find. Default: Python, YAML, TOML and shell files.

    Raises:
        OSError: a folder cannot be read.
    """
    found = {path for pattern in patterns for path in folder.rglob(pattern) if _is_code(path.relative_to(folder))}
    return sorted(path for path in found if path.is_file() and path.stat().st_size <= MAX_CODE_BYTES)


def _is_code(path: Path) -> bool:
    return not any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)
