"""The lower bounds in pyproject.toml can be read, each of a hole is there, and each part names what it needs."""

from __future__ import annotations

import re

import pytest

from tools.conda_recipe import render
from tools.dependencies import PROJECT, SERVER_ONLY, TRAINING_ONLY, requirements, requirements_of
from tools.lower_bounds import EXTRAS, UNTESTED, lowest

TEXT = PROJECT.read_text()
HOLES = {"starlette": (0, 49, 1), "h11": (0, 16), "requests": (2, 32, 4), "urllib3": (2, 6, 3), "idna": (3, 7)}
"""The first versions without a known hole, of the dependencies that read from the network."""


def test_every_dependency_has_a_lower_bound() -> None:
    listed = TEXT[TEXT.index("dependencies = [") : TEXT.index("[project.optional-dependencies]")]
    named = [line for line in listed.splitlines() if line.startswith('  "')]
    found = dict(lowest(TEXT))
    assert len(named) == len(found) - 1 + len(TRAINING_ONLY)  # one is of the extra `postgres`
    assert "psycopg[binary]" in found and not TRAINING_ONLY & found.keys()
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in found.values())


def test_every_extra_is_tested_or_says_why_not() -> None:
    names = set(re.findall(r"^(\w+) = \[", TEXT[TEXT.index("[project.optional-dependencies]") :], re.MULTILINE))
    extras = {name for name in names if name in (*EXTRAS, *UNTESTED, "postgres")}
    assert extras == {*EXTRAS, *UNTESTED, "postgres"}
    assert {"mcp", "textual", "apprise", "pandas"} <= dict(lowest(TEXT, EXTRAS)).keys()


def test_no_bound_is_below_the_first_version_without_a_known_hole() -> None:
    found = {name: tuple(map(int, version.split("."))) for name, version in lowest(TEXT)}
    assert all(found[name] >= first for name, first in HOLES.items())


def test_each_part_leaves_out_what_only_the_others_import() -> None:
    whole = [wanted for _, wanted in requirements(TEXT)]
    names = {name for name, _ in requirements(TEXT)}
    assert names >= SERVER_ONLY | TRAINING_ONLY
    node, server = requirements_of(TEXT, "node"), requirements_of(TEXT, "server", ["postgres"])
    assert len(node) == len(whole) - len(SERVER_ONLY) and "torch>=2.6" in node
    assert len(server) == len(whole) - len(TRAINING_ONLY) + 1 and server[-1] == "psycopg[binary]>=3.1.10"
    for part, extras in (("nodes", []), ("node", ["nope"])):
        with pytest.raises(ValueError, match="allowed"):
            requirements_of(TEXT, part, extras)


def test_the_conda_recipe_is_rendered_from_the_project() -> None:
    assert (PROJECT.parent / "packaging" / "conda" / "recipe.yaml").read_text() == render(TEXT)
