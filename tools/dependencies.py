"""Prints the requirements of one part of the package, for installations that run only that part.

python -m tools.dependencies node                # a machine that only trains: no server
python -m tools.dependencies server postgres     # a machine that only serves: no torch; with the extra `postgres`
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
SERVER_ONLY = frozenset(
    {"alembic", "cmaes", "fastapi", "graphql-core", "h11", "optuna", "scipy", "sqlalchemy", "starlette", "uvicorn"}
)
"""Dependencies that only a server imports: the search methods run there. A test runs an agent without them."""
TRAINING_ONLY = frozenset({"lightning", "torch", "torchmetrics"})
"""Dependencies that only training programs import."""
LEFT_OUT = {"node": SERVER_ONLY, "server": TRAINING_ONLY}

_REQUIREMENT = re.compile(r'"(?P<name>[A-Za-z0-9-]+)(?P<rest>[^"]*)"')


def requirements(text: str, group: str = "dependencies") -> Iterator[tuple[str, str]]:
    """Yield name and requirement of each dependency of the package, or of an extra, in a `pyproject.toml`.

    Raises:
        ValueError: there is no such extra.
    """
    found = re.search(rf"^{re.escape(group)} = \[(.*?)\](?=[ ]*(?:#[^\n]*)?$)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"`{group}` was given, allowed: the extras of `{PROJECT.name}`")
    lines = [line.partition(" #")[0] for line in found.group(1).splitlines()]
    for match in _REQUIREMENT.finditer("\n".join(lines)):
        yield match["name"], match["name"] + match["rest"]


def requirements_of(text: str, part: str, extras: Iterable[str] = ()) -> list[str]:
    """Return the requirements of a part, `node` or `server`, with those of extras.

    Raises:
        ValueError: there is no such part or extra.
    """
    if part not in LEFT_OUT:
        raise ValueError(f"`{part}` was given, allowed: {', '.join(LEFT_OUT)}")
    own = [wanted for name, wanted in requirements(text) if name not in LEFT_OUT[part]]
    return own + [wanted for extra in extras for _, wanted in requirements(text, extra)]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print("\n".join(requirements_of(PROJECT.read_text(), sys.argv[1], sys.argv[2:])))
