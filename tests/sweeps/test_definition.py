"""A sweep's definition is made once for each content of the sweep file."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.limits import Budget, StopWhen
from lightning_sweeps.sweeps.repeats import Repeats
from lightning_sweeps.sweeps.settings import SweepSettings

SWEEP: dict[str, Any] = {"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}


def test_equal_maps_share_one_definition() -> None:
    assert define_sweep(SWEEP) is define_sweep({**SWEEP, "metric": {"name": "loss"}})


def test_a_changed_map_has_another_definition() -> None:
    changed = define_sweep(SWEEP | {"retry": 3, "early_terminate": {"type": "threshold", "upper": 2}})
    assert (changed.config.retry, define_sweep(SWEEP).config.retry) == (3, 1)
    assert changed.rule is not None
    assert define_sweep(SWEEP).rule is None


def test_true_and_one_are_different_contents() -> None:
    true = define_sweep(SWEEP | {"parameters": {"x": {"values": [True]}}})
    assert true.space.at(0)["x"] is True
    assert define_sweep(SWEEP | {"parameters": {"x": {"values": [1]}}}).space.at(0)["x"] == 1


def test_the_goal_and_imputation_come_from_the_first_metric() -> None:
    metrics = [{"name": "acc", "goal": "maximize", "impute": "best"}, {"name": "size"}]
    definition = define_sweep({**SWEEP, "metric": None, "metrics": metrics})
    assert (definition.goal, definition.sign, definition.imputation.failed) == ("maximize", -1, "best")


def test_settings_are_those_of_the_definition() -> None:
    metrics = [{"name": "acc", "goal": "maximize"}, {"name": "size"}]
    for changes in ({}, {"retry": 0, "max_failures": 2}, {"metric": None}, {"metric": None, "metrics": metrics}):
        raw = SWEEP | changes
        config = define_sweep(raw).config
        name = config.primary.name if config.primary else None
        target = config.primary.target if config.primary else None
        assert SweepSettings.of(raw) == SweepSettings(
            *(config.retry, config.max_preemptions, config.max_failures, name, config.goal),
            *(target, Budget(), StopWhen(), Repeats()),
        )
