"""Computes the summary values that `define_metric` asks for: the smallest, largest or mean value of a metric."""

from __future__ import annotations

import fnmatch
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.journal.objects import to_float

INTERVAL_S = 1.0
"""How often changed summary values are recorded."""

COMPUTED = ("min", "max", "mean", "best", "last", "first")
SUMMARIES = (*COMPUTED, "none", "copy")
"""What W&B allows. The last two ask for nothing to be computed."""
GOALS = ("minimize", "maximize")


@dataclass(slots=True)
class _Statistics:
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    count: int = 0
    first: float = math.nan
    last: float = math.nan

    def add(self, value: float) -> None:
        self.first = self.first if self.count else value
        self.low, self.high, self.last = min(self.low, value), max(self.high, value), value
        self.total += value
        self.count += 1

    def read(self, what: str, goal: str) -> float:
        best = self.high if goal == "maximize" else self.low
        mean = self.total / self.count
        each = {"min": self.low, "max": self.high, "mean": mean, "best": best, "last": self.last, "first": self.first}
        return each[what]


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """What `define_metric` said about the metrics that match `pattern`.

    Attributes:
        pattern: the name of a metric, or a pattern with `*`.
        summaries: which values to compute.
        goal: `minimize` or `maximize`, which determines `best`.
    """

    pattern: str
    summaries: tuple[str, ...]
    goal: str = "minimize"


@dataclass(slots=True)
class MetricDefinitions:
    """The definitions of one run.

    Attributes:
        record: records summary values, nested by metric: `{"loss": {"min": 0.1}}`.
    """

    record: Callable[[dict[str, Any]], None]
    _definitions: list[MetricDefinition] = field(default_factory=list)
    _matching: dict[str, list[MetricDefinition]] = field(default_factory=dict)
    _statistics: dict[str, _Statistics] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _recorded_at: float = -math.inf

    def add(self, definition: MetricDefinition) -> None:
        """Add a definition. It applies to the rows that follow."""
        self._definitions.append(definition)
        self._matching.clear()

    def update(self, values: Mapping[str, Any]) -> None:
        """Count one row. Never raises."""
        try:
            items = list(values.items())
        except Exception:  # no map
            return
        for name, value in items:
            if isinstance(name, str) and isinstance(value, bool | int | float) and self._find(name):
                self._statistics.setdefault(name, _Statistics()).add(to_float(value))
                self._changed.add(name)
        if self._changed and time.monotonic() - self._recorded_at >= INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Record the summary values that have changed."""
        self._recorded_at = time.monotonic()
        changed, self._changed = self._changed, set()
        found = {
            name: {
                what: self._statistics[name].read(what, one.goal) for one in self._find(name) for what in one.summaries
            }
            for name in sorted(changed)
        }
        if found:
            self.record(found)

    def _find(self, name: str) -> list[MetricDefinition]:
        found = self._matching.get(name)
        if found is None:
            found = [one for one in self._definitions if one.summaries and fnmatch.fnmatchcase(name, one.pattern)]
            self._matching[name] = found
        return found
