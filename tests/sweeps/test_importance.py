"""The importance of parameters."""

from __future__ import annotations

from random import Random

import optuna.importance  # noqa: F401  loads scikit-learn, which sets variables: before the test's are looked at

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.importance import MIN_RESULTS, importance
from lightning_sweeps.sweeps.space import Space

SPACE = Space.of(
    validate(
        {
            "method": "random",
            "parameters": {
                "lr": {"min": 0.0, "max": 1.0},
                "kind": {"values": ["a", "b", "c"]},
                "n": {"min": 1, "max": 9},
            },
        }
    ).config.parameters
)


def test_the_parameter_that_decides_comes_first() -> None:
    rng = Random(1)
    results = [(params, (params["lr"] - 0.3) ** 2) for params in (SPACE.sample(rng) for _ in range(80))]
    shares = importance(SPACE, results)
    assert next(iter(shares)) == "lr"
    assert shares["lr"] > 0.6
    assert abs(sum(shares.values()) - 1) < 1e-6


def test_few_results_give_no_ranking() -> None:
    rng = Random(1)
    assert importance(SPACE, [(SPACE.sample(rng), 1.0) for _ in range(MIN_RESULTS - 1)]) == {}
