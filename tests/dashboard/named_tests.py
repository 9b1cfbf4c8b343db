"""Finds out whether tests that a text names exist: `test_charts::test_a_spike` here, or a file of unit tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def missing_tests(names: Iterable[str]) -> list[str]:
    """Return those of the named tests that do not exist."""
    return [name for name in names if not _exists(name)]


def _exists(name: str) -> bool:
    if "::" not in name:
        return (ROOT / name).is_file()
    file, _, test = name.partition("::")
    path = HERE / f"{file}.py"
    return path.is_file() and re.search(rf"^def {re.escape(test)}\(", path.read_text(), re.MULTILINE) is not None
