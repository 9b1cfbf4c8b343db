"""A trial's values of the sweep's metric, taken one by one in the order in which they were logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from lightning_sweeps.store import schema, trials
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import Metric, SweepConfig
from lightning_sweeps.sweeps.stopping import Evidence, StoppingRule

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


class Recorder:
    """Takes rows for one locked trial and writes what follows from them.

    Attributes:
        target_reason: why the sweep is finished, where a value met the metric's target; otherwise empty.
    """

    def __init__(self, connection: Connection, trial: Row[Any], config: SweepConfig) -> None:
        if config.metric is None:
            raise ValueError("the sweep has no metric")
        self._connection = connection
        self._trial = trial
        self._metric: Metric = config.metric
        self._rule: StoppingRule | None = config.early_terminate.make() if config.early_terminate else None
        self._new: list[float] = []
        self._best: float | None = trial.objective
        self._last: float | None = trial.last_objective
        self._bands: list[int] = list(trial.judged.get("bands", []))
        self._nonfinite: int = trial.judged.get("nonfinite", 0)
        self._stop = ""
        self.target_reason = ""

    def take(self, rows: Sequence[LogRow]) -> None:
        """Record the metric's values of `rows`; those of a trial that nobody has are late and are left out."""
        if self._trial.state == "pending":
            return
        for step, time, values in rows:
            value = metric_value(values, self._metric.name)
            if value is None:
                continue
            if math.isfinite(value):
                self._take_finite(step, time, value)
            else:
                self._take_nonfinite(value)
        self._write()

    @property
    def _count(self) -> int:
        return int(self._trial.reports) + len(self._new)

    @property
    def _is_judged(self) -> bool:
        return self._rule is not None and not self._stop and self._trial.state in ("leased", "running")

    def _take_finite(self, step: int, time: float, value: float) -> None:
        self._new.append(value)
        self._connection.execute(
            insert(schema.report).values(trial_id=self._trial.id, number=self._count, step=step, time=time, value=value)
        )
        self._last = value
        if controller.is_better(value, self._best, goal=self._metric.goal):
            self._best = value
        if self._is_judged and self._rule is not None:
            self._judge(self._rule)
        target = self._metric.target
        if not self.target_reason and controller.is_target_met(value, target=target, goal=self._metric.goal):
            self.target_reason = (
                f"trial {self._trial.number} met the target: `{self._metric.name}` is {value:g}, wanted {target:g}"
            )

    def _take_nonfinite(self, value: float) -> None:
        self._nonfinite += 1
        total = self._count + self._nonfinite
        if self._is_judged and self._rule is not None and (self._count == 0 or self._rule.is_band(total)):
            self._stop = f"diverged: `{self._metric.name}` was {value} at report {total}"

    def _judge(self, rule: StoppingRule) -> None:
        judgement = rule.judge(Evidence(self._count, self._own_values, self._other_values, self._show))
        if judgement is None or judgement.band in self._bands:
            return
        self._bands.append(judgement.band)
        if judgement.stop:
            self._stop = judgement.reason

    @property
    def _sign(self) -> int:
        return 1 if self._metric.goal == "minimize" else -1

    def _own_values(self) -> list[float]:
        table = schema.report
        query = select(table.c.value).where(table.c.trial_id == self._trial.id).order_by(table.c.number)
        return [self._sign * value for value in self._connection.scalars(query)]

    def _other_values(self, number: int) -> list[float]:
        report, trial = schema.report, schema.trial
        query = (
            select(report.c.value)
            .join(trial, trial.c.id == report.c.trial_id)
            .where(trial.c.sweep_id == self._trial.sweep_id, report.c.number == number, trial.c.id != self._trial.id)
        )
        return [self._sign * value for value in self._connection.scalars(query)]

    def _show(self, value: float) -> str:
        return f"{self._sign * value:.6g}"

    def _write(self) -> None:
        changes: dict[str, object] = {
            "objective": self._best,
            "last_objective": self._last,
            "reports": self._count,
            "judged": {"bands": self._bands, "nonfinite": self._nonfinite},
        }
        if self._new and self._trial.reason == NO_VALUE.format(self._metric.name):
            changes["reason"] = ""  # the rows came after the end of the trial
        if self._stop:
            trials.advance(self._connection, self._trial, "order_stop", reason=self._stop, **changes)
        else:
            trials.change(self._connection, self._trial.id, **changes)
