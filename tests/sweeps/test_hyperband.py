"""The hyperband rule against a restatement of W&B's, and its reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.sweeps.stopping_rules import Judgement, make_rule
from lightning_sweeps.sweeps.stopping_rules.hyperband import HyperbandConfig, bands
from lightning_sweeps.sweeps.stopping_rules.rule import ordinal
from lightning_sweeps.testing.stopping_rules import judge_histories


def config(**keys: Any) -> HyperbandConfig:
    return HyperbandConfig(type="hyperband", **keys)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"max_iter": 27, "s": 2}, (3, 9)),
        ({"max_iter": 27, "s": 2, "eta": 3}, (3, 9)),
        ({"max_iter": 5, "s": 2, "eta": 2}, (1, 2)),
        ({"max_iter": 27, "s": 99, "eta": 3}, (1, 3, 9)),
        ({"max_iter": 100, "s": 3, "eta": 2.5}, (6, 16, 40)),
        ({"max_iter": 27, "s": 1, "min_iter": 1}, (9,)),
        ({"max_iter": 18, "s": 2}, (2, 6)),
        ({"max_iter": 81, "s": 3}, (3, 9, 27)),
    ],
)
def test_bands_down_from_max_iter(keys: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert bands(config(**keys)) == expected


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        ({"min_iter": 3}, (3, 9, 27, 81)),
        ({"min_iter": 1, "eta": 2}, (1, 2, 4, 8)),
        ({"min_iter": 3, "eta": 1.5}, (3, 4, 6, 10)),
    ],
)
def test_bands_up_from_min_iter(keys: dict[str, Any], first: tuple[int, ...]) -> None:
    assert bands(config(**keys))[: len(first)] == first


def judge(rule: HyperbandConfig, own: Sequence[float], others: Sequence[Sequence[float]]) -> Judgement | None:
    """Judge a trial at its last value among the complete histories of others."""
    return judge_histories(make_rule(rule), own, others)


def stops_in_wandb(
    own: Sequence[float], others: Sequence[Sequence[float]], band: int, eta: float, strict: bool
) -> bool:
    """Restate the rule of the `sweeps` package for a trial that has just reached `band`."""
    reached = [history for history in [*others, own] if len(history) >= band]
    ascending = sorted(history[band - 1] for history in reached)
    threshold = ascending[int(1 / eta * len(ascending))] if ascending else math.inf
    return (own[band - 1] if strict else min(own)) > threshold


values = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 1))


@given(
    own=st.lists(values, min_size=1, max_size=12),
    others=st.lists(st.lists(values, max_size=12), max_size=12),
    min_iter=st.integers(1, 4),
    eta=st.sampled_from([1.5, 2, 3, 4, 7]),
    strict=st.booleans(),
)
def test_decisions_are_those_of_wandb(
    own: list[float], others: list[list[float]], min_iter: int, eta: float, strict: bool
) -> None:
    rule = config(min_iter=min_iter, eta=eta, strict=strict)
    judgement = judge(rule, own, others)
    if len(own) not in bands(rule):
        assert judgement is None
        return
    assert judgement is not None
    assert judgement.band == len(own)
    assert judgement.stop == stops_in_wandb(own, others, len(own), eta, strict)


@pytest.mark.parametrize(("trials", "survivors"), list(enumerate((1, 1, 2, 2, 2, 3, 3, 3, 4), 1)))
def test_how_many_of_n_continue(trials: int, survivors: int) -> None:
    rule = config(min_iter=1)
    judgements = [
        judge(rule, [value], [[other] for other in range(trials) if other != value]) for value in range(trials)
    ]
    assert sum(judgement is not None and not judgement.stop for judgement in judgements) == survivors


def test_the_first_to_reach_a_band_and_ties_continue() -> None:
    first = judge(config(min_iter=1), [9.0], [])
    tied = judge(config(min_iter=1), [1.0], [[1.0], [1.0]])
    assert first == Judgement(1, False, "continues at report 1: 9 ranks 1st of 1, the best continues")
    assert tied is not None
    assert not tied.stop


def test_the_reason_names_the_rank_and_who_continues() -> None:
    stopped = judge(config(min_iter=9), [0.83] * 9, [[value] * 9 for value in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.0)])
    assert stopped == Judgement(9, True, "stopped at report 9: 0.83 ranks 7th of 9, the best 4 continue")


def test_not_strict_takes_the_best_so_far() -> None:
    own, others = [1.0, 9.0], [[5.0, 5.0]]
    strict, lenient = judge(config(min_iter=2), own, others), judge(config(min_iter=2, strict=False), own, others)
    assert strict is not None
    assert lenient is not None
    assert (strict.stop, lenient.stop) == (True, False)


@given(
    own=st.lists(values, min_size=1, max_size=12),
    others=st.lists(st.lists(values, max_size=12), max_size=12),
    strict=st.booleans(),
)
def test_compat_judges_the_largest_band_at_each_report(
    own: list[float], others: list[list[float]], strict: bool
) -> None:
    rule = config(min_iter=2, eta=2, strict=strict, compat="wandb")
    judgement = judge(rule, own, others)
    reached = [band for band in bands(rule) if band <= len(own)]
    expected = bool(reached) and stops_in_wandb(own, others, reached[-1], 2, strict)
    assert (judgement is not None and judgement.stop) == expected


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]
    )
