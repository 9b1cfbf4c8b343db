"""The lower bounds in pyproject.toml can be read, and each of a hole is there."""

from __future__ import annotations

from tools.lower_bounds import LARGE, PROJECT, lowest

HOLES = {"starlette": (0, 49, 1), "h11": (0, 16), "requests": (2, 32, 4), "urllib3": (2, 6, 3), "idna": (3, 7)}
"""The first versions without a known hole, of the dependencies that read from the network."""


def test_every_dependency_has_a_lower_bound() -> None:
    text = PROJECT.read_text()
    listed = text[text.index("dependencies = [") : text.index("[project.optional-dependencies]")]
    named = [line for line in listed.splitlines() if line.startswith('  "')]
    found = dict(lowest(text))
    assert len(named) == len(found) - 1 + len(LARGE)  # one is of the extra `postgres`
    assert "psycopg[binary]" in found and not LARGE & found.keys()


def test_no_bound_is_below_the_first_version_without_a_known_hole() -> None:
    found = {name: tuple(map(int, version.split("."))) for name, version in lowest(PROJECT.read_text())}
    assert all(found[name] >= first for name, first in HOLES.items())
