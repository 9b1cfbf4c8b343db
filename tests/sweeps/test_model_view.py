"""What a model expects along parameters, and of a suggested point."""

from __future__ import annotations

from random import Random

import pytest

from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.model_view import SLICE_POINTS, sweep_model, trial_model


def sweep(method: str = "bayes", goal: str = "minimize") -> SweepDefinition:
    config = {
        "method": method,
        "metric": {"name": "loss", "goal": goal},
        "parameters": {
            "lr": {"min": 0.0, "max": 1.0},
            "kind": {"values": ["a", "b"]},
            "n": {"min": 1, "max": 9},
        },
    }
    return define_sweep(config)


def history(definition: SweepDefinition) -> list[Observation]:
    """Return twenty results of (lr - 0.3)^2, lower is better for the method."""
    rng = Random(1)
    points = [definition.space.sample(rng) for _ in range(20)]
    values = [(params["lr"] - 0.3) ** 2 for params in points]
    return [
        Observation(at + 1, params, value, "finished", value)
        for at, (params, value) in enumerate(zip(points, values, strict=True))
    ]


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_slices_follow_the_objective_with_its_sign(goal: str) -> None:
    definition = sweep(goal=goal)
    found = sweep_model(definition, history(definition), {"lr": 0.3, "kind": "a", "n": 5}, seed=1)
    assert found.predicts and found.at == {"lr": 0.3, "kind": "a", "n": 5}
    slices = {one.name: one.points for one in found.slices}
    assert {name: len(points) for name, points in slices.items()} == {"lr": SLICE_POINTS, "kind": 2, "n": 9}
    assert all(point.low <= point.expected <= point.high for points in slices.values() for point in points)
    sign = 1 if goal == "minimize" else -1
    best = min(slices["lr"], key=lambda point: sign * point.expected)
    assert abs(best.value - 0.3) < 0.1
    assert abs(slices["lr"][-1].expected - sign * 0.49) < 0.1


def test_a_point_has_an_expectation_and_a_chance() -> None:
    definition = sweep()
    seen = history(definition)
    good = trial_model(definition, seen, {"lr": 0.3, "kind": "a", "n": 5}, number=21, seed=1)
    bad = trial_model(definition, seen, {"lr": 1.0, "kind": "a", "n": 5}, number=21, seed=1)
    assert good is not None and bad is not None
    assert good.point.expected < bad.point.expected and good.chance > bad.chance
    assert 0 <= bad.chance < 0.05


def test_methods_without_predictions_and_too_few_results_have_none() -> None:
    assert not sweep_model(sweep("random"), [], {"lr": 0.3, "kind": "a", "n": 5}, seed=1).predicts
    early = sweep()
    found = sweep_model(early, history(early)[:1], {"lr": 0.3, "kind": "a", "n": 5}, seed=1)
    assert found.predicts and found.slices == []
    assert trial_model(early, [], {"lr": 0.3, "kind": "a", "n": 5}, number=1, seed=1) is None
