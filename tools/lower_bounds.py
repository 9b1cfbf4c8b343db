"""Prints the oldest allowed version of each dependency of the package, as requirements for pip.

`make lower-bounds` installs them into a fresh environment and runs a part of the tests there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
LARGE = {"torch", "lightning", "torchmetrics"}
"""Left out: only training programs import them, and they are a gigabyte. The server, the service and the CLI do not."""
EXTRAS = ("postgres",)
_BOUND = re.compile(r'"([a-z0-9-]+(?:\[\w+\])?)>=([\w.]+)"', re.IGNORECASE)


def lowest(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and lowest version of the dependencies, and of the extras in `EXTRAS`, of a `pyproject.toml`."""
    for line in text.splitlines():
        is_extra = line.startswith(EXTRAS)
        is_dependency = line.startswith('  "') and text.index("dependencies = [") < text.index(line) < _end(text)
        if is_extra or is_dependency:
            yield from ((name, version) for name, version in _BOUND.findall(line) if name not in LARGE)


def _end(text: str) -> int:
    return text.index("[project.optional-dependencies]")


if __name__ == "__main__":
    for name, version in lowest(PROJECT.read_text()):
        print(f"{name}=={version}")
