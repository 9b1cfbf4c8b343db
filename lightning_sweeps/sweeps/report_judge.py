"""Judges the rows that a trial logs: its stopping rule, divergence and the metric's target. No database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from lightning_sweeps.errors import RuleFailed
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.metric_value import metric_value
from lightning_sweeps.sweeps.stopping_rules import Peers, StoppingRule, TrialReport
from lightning_sweeps.sweeps.trial_progress import TrialProgress

LogRow = tuple[int, float, Mapping[str, Any]]
"""Step, time in seconds since the epoch, and values of one log call."""


class NewReport(NamedTuple):
    """A finite value of the metric that is not stored yet. `number` counts the trial's values from 1."""

    number: int
    step: int
    time: float
    value: float


class ReportJudge:
    """Takes the rows of one trial in order and decides whether the trial stops.

    Args:
        definition: the sweep; it has a metric.
        progress: what the trial has reported so far. The judge updates it.
        number: the trial's number in the sweep.
        started: when the trial began to log, in seconds since the epoch, by the clock that also dates its rows. Needed
            only for the resource `seconds`.
        is_judged: whether the trial may still be stopped.
        stored_values: reads the trial's values before these rows, in order, as logged.
        peers: the other trials' values, lower is better.

    Attributes:
        reports: the new values.
        stop_reason: why the trial stops; empty if it continues.
        target_reason: which trial met the metric's target, and how; empty if none did.
    """

    def __init__(
        self,
        definition: SweepDefinition,
        progress: TrialProgress,
        *,
        number: int,
        started: float | None,
        is_judged: bool,
        stored_values: Callable[[], Sequence[float]],
        peers: Peers,
    ) -> None:
        if definition.metric is None:
            raise ValueError("the sweep has no metric")
        self._definition = definition
        self._metric = definition.metric
        self._several = [metric.name for metric in definition.config.metrics or []]
        self._number = number
        self._started = started
        self._may_stop = is_judged
        self._stored_values = stored_values
        self._peers = peers
        self._progress = progress
        self.reports: list[NewReport] = []
        self.stop_reason = ""
        self.target_reason = ""

    def take(self, row: LogRow) -> None:
        """Judge one row.

        Raises:
            RuleFailed: the stopping rule raised. The row's values and the target are taken all the same.
        """
        step, time, values = row
        for name in self._several:
            objective = metric_value(values, name)
            if objective is not None and math.isfinite(objective):
                self._progress.objectives[name] = objective
        value = metric_value(values, self._metric.name)
        if value is None:
            return
        if math.isfinite(value):
            self._take_finite(step, time, value, values)
        else:
            self._take_nonfinite(value)

    def _take_finite(self, step: int, time: float, value: float, values: Mapping[str, Any]) -> None:
        self._progress.add(value, goal=self._metric.goal)
        self.reports.append(NewReport(self._progress.count, step, time, value))
        if not self._definition.config.repeats.is_used:  # the mean of a point must reach the target, not one trial
            self.target_reason = self.target_reason or controller.target_reason(
                f"trial {self._number}",
                value,
                metric=self._metric.name,
                target=self._metric.target,
                goal=self._metric.goal,
            )
        if self._definition.rule is not None:
            with _failures_of(self._definition.rule):
                self._apply_rule(self._definition.rule, step, time, values)

    def _take_nonfinite(self, value: float) -> None:
        self._progress.nonfinite += 1
        rule = self._definition.rule
        if rule is None or not self._is_open:
            return
        number = self._progress.count + self._progress.nonfinite
        with _failures_of(rule):
            stops = self._progress.count == 0 or rule.stops_nonfinite(number)
        if stops:
            self.stop_reason = f"diverged: `{self._metric.name}` was {value} at report {number}"

    @property
    def _is_open(self) -> bool:
        return self._may_stop and not self.stop_reason

    def _apply_rule(self, rule: StoppingRule, step: int, time: float, values: Mapping[str, Any]) -> None:
        position = self._position(rule.config.resource, step, time, values)
        if position is None or not math.isfinite(position):
            return
        progress = self._progress
        previous, progress.position = progress.position, max(progress.position, position)
        reached = rule.reached(previous, progress.position)
        for band in reached:
            progress.band_values[band] = self.reports[-1].value
        if not self._is_open:
            return
        judgement = rule.judge(self._report(rule, position, previous), self._peers)
        if judgement is None:
            return
        is_new = judgement.band not in progress.bands
        if is_new and reached:
            progress.bands.append(judgement.band)
        if judgement.stop and (is_new or rule.is_judged_again):
            self.stop_reason = judgement.reason

    def _position(self, resource: str, step: int, time: float, values: Mapping[str, Any]) -> float | None:
        """Return the trial's progress in a resource; None if this row does not contain it."""
        if resource == "report":
            return float(self._progress.count)
        if resource == "step":
            return float(step)
        if resource == "seconds":
            return max(0.0, time - (self._started or time))
        return metric_value(values, resource)

    def _report(self, rule: StoppingRule, position: float, previous: float) -> TrialReport:
        sign, resource = self._definition.sign, rule.config.resource
        return TrialReport(
            number=self._progress.count,
            values=lambda: [sign * value for value in [*self._stored_values(), *self._new_values()]],
            show=lambda value: f"{sign * value:.6g}",
            position=position,
            previous=previous,
            sign=sign,
            unit={"seconds": "second"}.get(resource, resource),
        )

    def _new_values(self) -> list[float]:
        return [report.value for report in self.reports]


@contextmanager
def _failures_of(rule: StoppingRule) -> Iterator[None]:
    """Turn what a stopping rule raises into `RuleFailed`."""
    try:
        yield
    except Exception as error:  # a rule of another package may raise anything
        name = rule.config.type
        raise RuleFailed(f"the stopping rule `{name}` failed: {type(error).__name__}: {error}") from error
