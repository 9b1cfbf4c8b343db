"""Prints the oldest allowed version of each dependency, as requirements for pip.

    python -m tools.lower_bounds             # of the package, and of the extra `postgres`, which the tests need
    python -m tools.lower_bounds extras      # of the other extras

`make lower-bounds` installs them into a fresh environment and runs a part of the tests there. The extras come second,
because some of them need newer versions of the package's dependencies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tools.dependencies import PROJECT, TRAINING_ONLY, requirements

EXTRAS = ("alerts", "figures", "frames", "mcp", "slurm", "top")
UNTESTED = {
    "examples": "only the example programs import it",
    "docs": "builds these pages, in the newest version",
    "dev": "the tests themselves, in the newest version",
    "hyperqueue": "the tests run the newest version, in an environment of its own",
    "kubernetes": "the tests run the newest version, in an environment of its own",
    "bench": "other tools, in the newest version",
}
"""The extras whose oldest versions are not tested, with the reason."""


def lowest(text: str, groups: tuple[str, ...] = ("dependencies", "postgres")) -> Iterator[tuple[str, str]]:
    """Yield name and lowest version of the dependencies in groups of a `pyproject.toml`.

    Those that only training programs import are left out: they are a gigabyte. The server, the service and the CLI do
    not need them.
    """
    for group in groups:
        for name, wanted in requirements(text, group):
            bound, _, version = wanted.partition(">=")
            if name not in TRAINING_ONLY:
                yield bound, version


if __name__ == "__main__":
    groups = EXTRAS if sys.argv[1:] == ["extras"] else ("dependencies", "postgres")
    for name, version in lowest(PROJECT.read_text(), groups):
        print(f"{name}=={version}")
