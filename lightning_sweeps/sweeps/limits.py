"""When a search ends before its space is exhausted: the keys `budget` and `stop_when` of a sweep file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from lightning_sweeps.messages import Goal
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.fields import Count, Positive, Section, published, refuse, shown

MIN_RESULTS = 10
"""Number of results that a model needs before its expectations may end the search."""

_TRIALS = re.compile(r"([1-9]\d*) trials?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


def _trials(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and (found := _TRIALS.fullmatch(value.strip())):
        return int(found[1])
    raise refuse(f"is {shown(value)}, allowed: a whole number of trials >= 1, for example `20 trials` or `20`")


def _improvement(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())) and float(found[1]) > 0:
        return value.strip()
    raise refuse(f"is {shown(value)}, allowed: a number > 0 in the metric's unit, or a percentage such as `0.1 %`")


class Budget(Section):
    """What a sweep may use. When something is used up, no more trials start."""

    trials: Count | None = None
    gpu_hours: Positive | None = None
    hours: Positive | None = None
    cost: Positive | None = None
    cost_per_gpu_hour: Positive | None = None


class StopWhen(Section):
    """When the search is good enough. No more trials start then."""

    no_improvement: Annotated[
        int | None, BeforeValidator(_trials), published(anyOf=[{"type": "integer", "minimum": 1}, {"type": "string"}])
    ] = None
    expected_improvement: Annotated[
        float | str | None,
        BeforeValidator(_improvement),
        published(anyOf=[{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]),
    ] = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sweep has used.

    Attributes:
        trials: trials that count.
        gpu_hours: GPU hours of all attempts, running ones included.
        hours: hours in which at least one trial ran.
    """

    trials: int
    gpu_hours: float
    hours: float

    def cost(self, budget: Budget) -> float | None:
        """Return the cost of the GPU hours; None without a price."""
        return None if budget.cost_per_gpu_hour is None else self.gpu_hours * budget.cost_per_gpu_hour


def budget_reason(budget: Budget, usage: Usage) -> str:
    """Return which part of a budget is used up; empty if none is."""
    if budget.trials is not None and usage.trials >= budget.trials:
        return f"the budget of {budget.trials} trials is used"
    if budget.gpu_hours is not None and usage.gpu_hours >= budget.gpu_hours:
        return f"the budget of {budget.gpu_hours:g} GPU hours is used: {usage.gpu_hours:.3g}"
    if budget.hours is not None and usage.hours >= budget.hours:
        return f"the budget of {budget.hours:g} hours is used: trials ran for {usage.hours:.3g} hours"
    cost = usage.cost(budget)
    if budget.cost is not None and cost is not None and cost >= budget.cost:
        return f"the budget of {budget.cost:g} is used: {usage.gpu_hours:.3g} GPU hours cost {cost:.4g}"
    return ""


def busy_s(times: Iterable[tuple[float, float]]) -> float:
    """Return how many seconds at least one of these intervals (start, end) covers."""
    total, covered = 0.0, float("-inf")
    for start, end in sorted(times):
        total += max(0.0, end - max(start, covered))
        covered = max(covered, end)
    return total


@dataclass(frozen=True, slots=True)
class Result:
    """A trial or point with a value. `order`: position of its end among the ended trials of the sweep, from 1."""

    order: int
    number: int
    value: float


def no_improvement_reason(
    limit: int, results: Sequence[Result], *, goal: Goal, since: int, unit: Literal["trial", "point"] = "trial"
) -> str:
    """Return why a search without progress ends; empty if it goes on.

    Args:
        limit: how many results in a row without a better value end the search.
        results: the results so far, in the order in which the trials ended.
        goal: whether lower or higher values are better.
        since: count only results after this position, because a user continued the sweep there.
        unit: what the results are of.
    """
    best: Result | None = None
    for result in results:
        if controller.is_better(result.value, None if best is None else best.value, goal=goal):
            best = result
    if best is None:
        return ""
    without = sum(result.order > max(best.order, since) for result in results)
    if without < limit:
        return ""
    return f"no better value in the last {without} {unit}s: the best is {best.value:.6g}, of {unit} {best.number}"


def expected_improvement_reason(threshold: float | str, expected: float, *, best: float, results: int) -> str:
    """Return why a search with little left to gain ends; empty if it goes on.

    Args:
        threshold: the limit: a number in the metric's unit, or a percentage of the best value.
        expected: the improvement that the model expects of the next trial, in the metric's unit.
        best: the best value so far.
        results: number of trials with a value.
    """
    if results < MIN_RESULTS:
        return ""
    if isinstance(threshold, str):
        limit = float(threshold.rstrip("% ")) / 100 * abs(best)
        shown_limit = f"{threshold} of the best value {best:.6g}"
    else:
        limit = threshold
        shown_limit = f"{threshold:g}; the best value is {best:.6g}"
    if expected >= limit:
        return ""
    return f"the next trial is expected to improve the metric by {expected:.3g}, less than {shown_limit}"
