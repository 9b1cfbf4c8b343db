"""What may change in a sweep that has trials."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps.sweeps.config_changes import changes_search, fixed_changes

BEFORE: dict[str, Any] = {
    "method": "random",
    "metric": {"name": "loss"},
    "parameters": {"x": {"values": [1]}},
    "seed": 1,
}


@pytest.mark.parametrize(
    ("changes", "fixed"),
    [
        ({"project": "other"}, ["project"]),
        ({"metric": {"name": "acc"}}, ["metric"]),
        ({"metric": {"name": "loss", "goal": "maximize"}}, ["metric"]),
        ({"metric": None}, ["metric"]),
        ({"metric": None, "metrics": [{"name": "loss"}, {"name": "size"}]}, ["metrics"]),
        ({"metric": {"name": "loss", "goal": "minimize", "target": 1, "impute": "best"}}, []),
        ({"method": "bayes", "parameters": {}, "seed": 2, "run_cap": 3, "constraints": ["x < 1"]}, []),
    ],
    ids=["project", "name", "goal", "no metric", "several", "target", "search"],
)
def test_what_cannot_change(changes: dict[str, Any], fixed: list[str]) -> None:
    assert fixed_changes(BEFORE, BEFORE | changes) == fixed


@pytest.mark.parametrize(
    ("changes", "is_search"),
    [
        ({}, False),
        ({"run_cap": 4, "name": "x", "early_terminate": {"type": "median"}}, False),
        ({"seed": 2}, True),
        ({"method": "bayes"}, True),
        ({"constraints": ["x < 2"]}, True),
        ({"parameters": {"x": {"values": [1, 2]}}}, True),
    ],
    ids=["nothing", "others", "seed", "method", "constraints", "parameters"],
)
def test_what_changes_the_search(changes: dict[str, Any], is_search: bool) -> None:
    assert changes_search(BEFORE, BEFORE | changes) is is_search


def test_a_seed_that_is_left_out_keeps_its_value() -> None:
    assert not changes_search(BEFORE, {key: value for key, value in BEFORE.items() if key != "seed"})
