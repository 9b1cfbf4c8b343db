"""A trial's values of the sweep's metric, taken one by one in the order in which they were logged."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select

from lightning_sweeps.engine import trials
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import Metric, SweepConfig
from lightning_sweeps.sweeps.stopping_rules import Evidence, StoppingRule

NO_VALUE = "no value of `{}` was logged"
"""The reason of a trial that ended well and reported nothing."""

LogRow = tuple[int, float, Mapping[str, Any]]


def metric_value(values: Mapping[str, Any], name: str) -> float | None:
    """Return the number logged as `name`, also from nested maps (`val/loss`, `val.loss`); None where there is none."""
    value = values.get(name)
    if value is None:
        for separator in ("/", "."):
            outer, found, inner = name.partition(separator)
            nested = values.get(outer) if found else None
            if isinstance(nested, Mapping):
                return metric_value(nested, inner)
        return None
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose rows they are: which attempt of the trial wrote them, and from which step it went on, if from a checkpoint.

    `attempt` is 0 where it is not known.
    """

    attempt: int = 0
    resumed_step: int | None = None


class Recorder:
    """Takes rows for one locked trial and writes what follows from them.

    Attributes:
        target_reason: why the sweep is finished, where a value met the metric's target; otherwise empty.
    """

    def __init__(self, connection: Connection, trial: Row[Any], config: SweepConfig, writer: Writer) -> None:
        if config.primary is None:
            raise ValueError("the sweep has no metric")
        self._connection = connection
        self._trial = trial
        self._metric: Metric = config.primary
        self._rule: StoppingRule | None = config.early_terminate.make() if config.early_terminate else None
        self._writer = writer
        self._count: int = trial.reports
        self._new: list[float] = []
        self._best: float | None = trial.objective
        self._last: float | None = trial.last_objective
        self._bands: list[int] = list(trial.judged.get("bands", []))
        self._rungs: dict[str, float] = dict(trial.judged.get("rungs", {}))
        self._nonfinite: int = trial.judged.get("nonfinite", 0)
        self._position: float = trial.judged.get("position", 0.0)
        """The bands begin at 1, so that nothing is reached at 0."""
        self._attempt: int = trial.judged.get("attempt", trial.attempt)
        self._several = [metric.name for metric in config.metrics or []]
        self._values: dict[str, float] = dict(trial.judged.get("values", {}))
        self._stop = ""
        self.target_reason = ""

    def take(self, rows: Sequence[LogRow]) -> None:
        """Record the metric's values of `rows`; those of an attempt that was given up are late and are left out."""
        is_late = 0 < self._writer.attempt < self._trial.attempt
        if self._trial.state == "pending" or is_late or not rows:
            return
        if self._attempt < self._trial.attempt:
            self._begin_attempt()
        for step, time, values in rows:
            self._take_several(values)
            value = metric_value(values, self._metric.name)
            if value is None:
                continue
            if math.isfinite(value):
                self._take_finite(step, time, value, values)
            else:
                self._take_nonfinite(value)
        self._write()

    def _begin_attempt(self) -> None:
        """Forget what earlier attempts reported; where this one goes on from a checkpoint, from that step on only."""
        table = schema.report
        mine = table.c.trial_id == self._trial.id
        first = self._writer.resumed_step
        self._connection.execute(delete(table).where(mine if first is None else mine & (table.c.step >= first)))
        kept = list(self._connection.scalars(select(table.c.value).where(mine).order_by(table.c.number)))
        self._attempt, self._count = self._trial.attempt, len(kept)
        self._last = kept[-1] if kept else None
        self._best = None
        for value in kept:
            if controller.is_better(value, self._best, goal=self._metric.goal):
                self._best = value
        if not kept:
            self._bands, self._rungs, self._nonfinite, self._position, self._values = [], {}, 0, 0.0, {}

    @property
    def _is_judged(self) -> bool:
        return self._rule is not None and not self._stop and self._trial.state in ("leased", "running")

    def _take_several(self, values: Mapping[str, Any]) -> None:
        for name in self._several:
            value = metric_value(values, name)
            if value is not None and math.isfinite(value):
                self._values[name] = value

    def _take_finite(self, step: int, time: float, value: float, values: Mapping[str, Any]) -> None:
        self._count += 1
        self._new.append(value)
        self._connection.execute(
            insert(schema.report).values(trial_id=self._trial.id, number=self._count, step=step, time=time, value=value)
        )
        self._last = value
        if controller.is_better(value, self._best, goal=self._metric.goal):
            self._best = value
        if self._rule is not None:
            self._judge(self._rule, self._place(self._rule, step, time, values))
        target = self._metric.target
        if not self.target_reason and controller.is_target_met(value, target=target, goal=self._metric.goal):
            self.target_reason = (
                f"trial {self._trial.number} met the target: `{self._metric.name}` is {value:g}, wanted {target:g}"
            )

    def _take_nonfinite(self, value: float) -> None:
        self._nonfinite += 1
        total = self._count + self._nonfinite
        if self._is_judged and self._rule is not None:
            is_band = self._rule.config.type != "hyperband" or bool(self._rule.reached(total - 1, total))
            if self._count == 0 or is_band:
                self._stop = f"diverged: `{self._metric.name}` was {value} at report {total}"

    def _place(self, rule: StoppingRule, step: int, time: float, values: Mapping[str, Any]) -> float | None:
        """Return how far the trial is, in the rule's resource; None where this row does not say."""
        resource = rule.config.resource
        if resource == "report":
            return float(self._count)
        if resource == "step":
            return float(step)
        if resource == "seconds":
            return max(0.0, time - (self._trial.started or time))
        return metric_value(values, resource)

    def _judge(self, rule: StoppingRule, position: float | None) -> None:
        if position is None or not math.isfinite(position):
            return
        previous, self._position = self._position, max(self._position, position)
        reached = rule.reached(previous, self._position)
        for band in reached:
            self._rungs[str(band)] = self._new[-1]
        if not self._is_judged:
            return
        resource = rule.config.resource
        unit = {"report": "report", "seconds": "second"}.get(resource, resource)
        evidence = Evidence(
            self._count, self._own_values, self._other_values(rule), self._show, position, previous, self._sign, unit
        )
        judgement = rule.judge(evidence)
        if judgement is None or (judgement.band in self._bands and not judgement.stop):
            return
        is_new = judgement.band not in self._bands
        if is_new and reached:
            self._bands.append(judgement.band)
        is_again = rule.config.type == "hyperband" and rule.config.compat == "wandb"
        if judgement.stop and (is_new or is_again):
            self._stop = judgement.reason

    @property
    def _sign(self) -> Literal[1, -1]:
        return 1 if self._metric.goal == "minimize" else -1

    def _own_values(self) -> list[float]:
        table = schema.report
        query = select(table.c.value).where(table.c.trial_id == self._trial.id).order_by(table.c.number)
        return [self._sign * value for value in self._connection.scalars(query)]

    def _other_values(self, rule: StoppingRule) -> Callable[[int], list[float]]:
        has_bands = rule.config.type in ("hyperband", "asha")
        return self._at_band if has_bands and rule.config.resource != "report" else self._at_number

    def _at_number(self, number: int) -> list[float]:
        report, trial = schema.report, schema.trial
        query = (
            select(report.c.value)
            .join(trial, trial.c.id == report.c.trial_id)
            .where(trial.c.sweep_id == self._trial.sweep_id, report.c.number == number, trial.c.id != self._trial.id)
            .where(trial.c.ignored.is_not(True))
        )
        return [self._sign * value for value in self._connection.scalars(query)]

    def _at_band(self, band: int) -> list[float]:
        table = schema.trial
        query = select(table.c.judged).where(table.c.sweep_id == self._trial.sweep_id, table.c.id != self._trial.id)
        query = query.where(table.c.ignored.is_not(True))
        rungs = [judged.get("rungs", {}) for judged in self._connection.scalars(query)]
        return [self._sign * held[str(band)] for held in rungs if str(band) in held]

    def _show(self, value: float) -> str:
        return f"{self._sign * value:.6g}"

    def _write(self) -> None:
        judged: dict[str, object] = {"bands": self._bands, "nonfinite": self._nonfinite, "attempt": self._attempt}
        if self._rule is not None:
            judged |= {"rungs": self._rungs, "position": self._position}
        if self._values:
            judged["values"] = self._values
        changes: dict[str, object] = {
            "objective": self._best,
            "last_objective": self._last,
            "reports": self._count,
            "judged": judged,
        }
        if self._new and self._trial.reason == NO_VALUE.format(self._metric.name):
            changes["reason"] = ""  # the rows came after the end of the trial
        if self._stop:
            trials.advance(self._connection, self._trial, "order_stop", reason=self._stop, **changes)
        else:
            trials.change(self._connection, self._trial.id, **changes)
