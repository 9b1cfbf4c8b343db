"""The decisions of each stopping rule except hyperband."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import SweepConfig, validate
from lightning_sweeps.sweeps.stopping_rules import Judgement, StoppingRule, make_rule
from lightning_sweeps.testing.stopping_rules import StoppingRuleContract, judge_histories

SWEEP: dict[str, Any] = {"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


def config(**keys: Any) -> SweepConfig:
    return validate(SWEEP | {"early_terminate": keys}).config


def judge(
    keys: dict[str, Any],
    own: Sequence[float],
    others: Sequence[Sequence[float]] = (),
    *,
    position: float | None = None,
    previous: float | None = None,
) -> Judgement | None:
    """Judge a trial at its last value among the complete histories of others."""
    section = config(**keys).early_terminate
    assert section is not None
    return judge_histories(make_rule(section), own, others, position=position, previous=previous)


def stops(*arguments: Any, **named: Any) -> bool:
    judgement = judge(*arguments, **named)
    return judgement is not None and judgement.stop


RISING = [[float(rank)] * 9 for rank in range(1, 9)]


@pytest.mark.parametrize(("value", "stop"), [(0.0, False), (2.5, False), (3.5, True), (9.0, True)])
def test_asha_keeps_the_best_fraction(value: float, stop: bool) -> None:
    keys = {"type": "asha", "eta": 3, "min_trials": 0}
    assert stops(keys, [value], RISING) is stop  # of 9, the best 3 continue


def test_asha_judges_at_its_bands_only_and_lets_the_first_continue() -> None:
    keys = {"type": "asha", "min": 2, "eta": 2, "max": 8, "min_trials": 4}
    judged = [judge(keys, [9.0] * count, RISING) is not None for count in range(1, 10)]
    assert judged == [False, True, False, True, False, False, False, False, False]
    assert not stops(keys, [9.0] * 2, RISING[:3])
    assert stops(keys, [9.0] * 2, RISING[:4])


def test_a_band_between_two_reports_is_judged_at_the_second() -> None:
    keys = {"type": "asha", "min": 10, "eta": 2, "resource": "step", "min_trials": 0}
    assert judge(keys, [9.0], RISING, position=9, previous=0) is None
    judgement = judge(keys, [9.0], [[1.0] * 99, [2.0] * 99], position=25, previous=9)
    assert judgement is not None
    assert (judgement.band, judgement.stop) == (20, True)


@pytest.mark.parametrize(("best", "stop"), [(1.0, False), (5.0, False), (5.5, True)])
def test_median_compares_the_best_so_far(best: float, stop: bool) -> None:
    assert stops({"type": "median"}, [best, 99.0], RISING) is stop


def test_median_waits_for_others_and_for_the_warmup() -> None:
    assert not stops({"type": "median"}, [99.0], RISING[:4])
    assert not stops({"type": "median", "warmup": 2}, [99.0, 99.0], RISING)
    assert stops({"type": "median", "warmup": 2}, [99.0] * 3, RISING)


def test_percentile_keeps_the_best_percent() -> None:
    assert not stops({"type": "percentile", "keep": 25}, [3.0], RISING)
    assert stops({"type": "percentile", "keep": 25}, [3.5], RISING)


def test_patience_looks_at_one_trial_only() -> None:
    keys = {"type": "patience", "reports": 3}
    assert not stops(keys, [5, 4, 3])
    assert not stops(keys, [5, 6, 7, 4])
    assert stops(keys, [4, 6, 7, 5])
    assert stops(keys | {"min_delta": 1}, [5, 4.5, 4.4, 4.2])


def test_threshold_limits_the_logged_value() -> None:
    assert stops({"type": "threshold", "upper": 10}, [11.0])
    assert not stops({"type": "threshold", "upper": 10}, [10.0])
    assert stops({"type": "threshold", "lower": 0}, [-1.0])
    assert not stops({"type": "threshold", "upper": 10, "warmup": 1}, [11.0])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"type": "ahsa"}, "did you mean `asha`"),
        ({}, "`early_terminate.type`: is missing"),
        ({"type": "asha", "etta": 3}, "did you mean `eta`"),
        ({"type": "threshold"}, "neither `upper` nor `lower`"),
        ({"type": "asha", "resource": 3}, "allowed: report, step, seconds"),
        ({"type": "hyperband", "min_iter": 1, "compat": "wandb", "resource": "step"}, "`resource: report` only"),
    ],
)
def test_errors_name_what_is_allowed(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SweepFileError, match=message):
        config(**keys)


def contract(**keys: Any) -> Any:
    """Return the fixture that adds a built-in rule to the contract test."""

    @pytest.fixture
    def rule(self: StoppingRuleContract) -> StoppingRule:
        section = config(**keys).early_terminate
        assert section is not None
        return make_rule(section)

    return rule


class TestHyperband(StoppingRuleContract):
    rule = contract(type="hyperband", min_iter=2, eta=2)


class TestHyperbandAsInWandb(StoppingRuleContract):
    rule = contract(type="hyperband", max_iter=27, s=2, compat="wandb")


class TestAsha(StoppingRuleContract):
    rule = contract(type="asha", min=2, eta=2, max=20)


class TestMedian(StoppingRuleContract):
    rule = contract(type="median", warmup=3)


class TestPercentile(StoppingRuleContract):
    rule = contract(type="percentile", keep=30)


class TestPatience(StoppingRuleContract):
    rule = contract(type="patience", reports=2, min_delta=0.5)


class TestThreshold(StoppingRuleContract):
    rule = contract(type="threshold", upper=5, lower=1)
