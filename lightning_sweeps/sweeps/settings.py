"""Settings of a stored sweep that need no definition.

They can be read even if the package of the sweep's search method or stopping rule is no longer installed. So its trials
still end, and the sweep is still listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.messages import Goal
from lightning_sweeps.sweeps.config import DEFAULT_MAX_FAILURES, DEFAULT_RETRY
from lightning_sweeps.sweeps.limits import Budget, StopWhen
from lightning_sweeps.sweeps.repeats import Repeats, repeats_of


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """Settings of a sweep.

    Attributes:
        retry: how often a trial runs again after its agent was lost, without progress in between.
        max_preemptions: how often a trial runs again after it was preempted; None: always.
        max_failures: consecutive failed trials that pause the sweep.
        metric: name of the metric that trials are ranked by, if the sweep has one.
        goal: whether to minimize or maximize it.
        target: the value of the metric that finishes the sweep, if there is one.
        budget: what the sweep may use.
        stop_when: when the search is good enough.
        repeats: how often each point runs, and what its value is.
    """

    retry: int
    max_preemptions: int | None
    max_failures: int
    metric: str | None
    goal: Goal
    target: float | None
    budget: Budget
    stop_when: StopWhen
    repeats: Repeats

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> SweepSettings:
        """Return the settings of a stored sweep file, which was checked when the sweep was created."""
        metric = raw["metrics"][0] if raw.get("metrics") else raw.get("metric") or {}
        return cls(
            retry=int(raw.get("retry", DEFAULT_RETRY)),
            max_preemptions=None if raw.get("max_preemptions") is None else int(raw["max_preemptions"]),
            max_failures=int(raw.get("max_failures", DEFAULT_MAX_FAILURES)),
            metric=metric.get("name"),
            goal=metric.get("goal", "minimize"),
            target=metric.get("target"),
            budget=Budget.model_validate(raw.get("budget") or {}),
            stop_when=StopWhen.model_validate(raw.get("stop_when") or {}),
            repeats=repeats_of(raw),
        )


NO_BUDGET = Budget()
