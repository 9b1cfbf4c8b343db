"""The importance of parameters."""

from __future__ import annotations

from random import Random

import optuna.importance  # noqa: F401  loads scikit-learn, which sets variables: before the test's are looked at

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.importance import MIN_PAIR_RESULTS, MIN_RESULTS, importance, pair_importance
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


def test_a_pair_that_decides_together_is_found() -> None:
    rng = Random(1)
    points = [SPACE.sample(rng) for _ in range(300)]
    together = [(params, (params["lr"] - 0.5) * (params["n"] - 5)) for params in points]
    alone = [(params, params["lr"] + params["n"] / 9) for params in points]
    pairs = pair_importance(SPACE, together, importance(SPACE, together))
    assert next(iter(pairs)) in {("lr", "n"), ("n", "lr")}
    assert next(iter(pairs.values())) > 0.4
    assert all(share < 0.25 for share in pair_importance(SPACE, alone, importance(SPACE, alone)).values())


def test_few_results_give_no_pairs() -> None:
    rng = Random(1)
    results = [(SPACE.sample(rng), rng.random()) for _ in range(MIN_PAIR_RESULTS - 1)]
    assert pair_importance(SPACE, results, importance(SPACE, results)) == {}
