"""docs/sweep-file.md has a row in a table for every key of the sweep file's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.core import macros
from lightning_sweeps.sweeps.config import IGNORED_KEYS
from lightning_sweeps.sweeps.distributions import MODELS as DISTRIBUTIONS
from lightning_sweeps.sweeps.json_schema import json_schema
from lightning_sweeps.sweeps.stopping_rules import BUILT_IN as RULES
from lightning_sweeps.sweeps.wandb_scheduler import ENGINE_KEYS, ENGINES

PAGE = (Path(__file__).parents[2] / "docs" / "sweep-file.md").read_text()
SCHEMA = json_schema()
EVERY_RULE = {"type", "resource"}
EVERY_PARAMETER = {"distribution", "when"}


def section(title: str) -> str:
    """Return the text below a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group(1)


def rows(title: str) -> Iterator[list[str]]:
    """Yield the cells of each row in the tables of a section, without their headers."""
    for table in re.findall(r"^\|[^\n]*\n\|---[^\n]*\n((?:\|[^\n]*\n)+)", section(title), re.MULTILINE):
        for line in table.splitlines():
            yield re.split(r"(?<!\\)\|", line)[1:-1]


def names(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def first_column(title: str) -> set[str]:
    return {name for row in rows(title) for name in names(row[0])}


def fields(model: str) -> set[str]:
    properties: dict[str, Any] = SCHEMA["$defs"][model]["properties"]
    return set(properties)


def keys_beside(title: str, key: str, *, columns: int = 2) -> set[str]:
    """Return the names in the first columns of the row, in a section's tables, that is about this key."""
    for column in range(2):
        for row in rows(title):
            if key in names(row[column]):
                return names(" ".join(row[:columns]))
    raise AssertionError(f"no row for `{key}`")


def test_each_key_at_the_top_has_one_row() -> None:
    listed = [name for row in rows("Keys") for name in names(row[0])]
    assert sorted(listed) == sorted(SCHEMA["properties"].keys() - IGNORED_KEYS)
    ignored = next(line for line in section("Keys").split("\n\n") if "are ignored with a warning" in line)
    assert IGNORED_KEYS.keys() <= names(ignored)


def test_each_key_of_a_map_has_a_row() -> None:
    assert first_column("Metric") == fields("Metric")
    assert first_column("Budgets and ends") == fields("Budget") | fields("StopWhen")
    assert fields("Resources") <= keys_beside("Keys", "resources", columns=4)
    assert {*ENGINE_KEYS} <= first_column("W&B's schedulers")
    assert all(f"engine: {engine}" in section("W&B's schedulers") for engine in ENGINES)


def test_each_key_of_a_stopping_rule_has_a_row() -> None:
    assert EVERY_RULE | fields("HyperbandConfig") | (RULES.keys() - {"hyperband"}) == first_column("Early stopping")
    for rule in RULES.keys() - {"hyperband"}:
        (model,) = [
            model for model, spec in SCHEMA["$defs"].items() if spec["properties"].get("type", {}).get("const") == rule
        ]
        assert fields(model) - EVERY_RULE <= keys_beside("Early stopping", rule), rule


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_key_of_a_distribution_is_in_its_row(distribution: str) -> None:
    keys = fields(DISTRIBUTIONS[distribution].__name__) - EVERY_PARAMETER
    assert keys <= keys_beside("Parameters", distribution)


def test_each_form_of_a_parameter_has_a_row() -> None:
    assert {"value", "values", "min", "max", "parameters", "when"} <= first_column("Parameters")


def test_each_macro_has_a_row() -> None:
    assert {f"${{{name}}}" for name in macros.KNOWN_MACROS} <= first_column("Command")
