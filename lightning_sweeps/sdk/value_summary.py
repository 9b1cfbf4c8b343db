"""Sums up what a run logged: the last, the lowest and the highest value of each metric, from the process's journals."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.reader import read_part
from lightning_sweeps.journal.records import Metrics

PART_BYTES = 256 * 1024
NESTED = "."


@dataclass(slots=True)
class MetricSummary:
    """The values of one metric. `lowest` and `highest` are NaN if no finite value was logged."""

    last: float
    lowest: float = math.nan
    highest: float = math.nan

    def add(self, value: float) -> None:
        """Add the next value."""
        self.last = value
        if math.isfinite(value):
            self.lowest = value if math.isnan(self.lowest) else min(self.lowest, value)
            self.highest = value if math.isnan(self.highest) else max(self.highest, value)


@dataclass(slots=True)
class ValueSummary:
    """What a run logged.

    Attributes:
        rows: the number of rows.
        metrics: the numbers, by metric name, in the order of their first value.
        is_whole: whether all rows were read. Without some of them, only the last values are right.
    """

    rows: int = 0
    metrics: dict[str, MetricSummary] = field(default_factory=dict)
    is_whole: bool = True

    def add(self, row: Mapping[Any, Any]) -> None:
        """Add the next row."""
        self.rows += 1
        for name, value in _numbers(row):
            known = self.metrics.get(name)
            if known is None:
                known = self.metrics[name] = MetricSummary(value)
            known.add(value)

    def read(self, journal: Path, *, timeout_s: float) -> None:
        """Add the rows of a journal. When the time is over, skip to its last rows."""
        deadline = time.monotonic() + timeout_s
        offset = 0
        while True:
            try:
                part = read_part(journal, offset, limit_bytes=PART_BYTES)
            except (OSError, JournalError):  # the disk was full, or the folder is gone: the writer has reported it
                self.is_whole = False
                return
            for record in part.records:
                if isinstance(record, Metrics):
                    self.add(record.values)
            if part.end == offset:
                return
            offset = part.end
            size = journal.stat().st_size
            if time.monotonic() > deadline and size - offset > PART_BYTES:
                self.is_whole = False
                offset, deadline = size - PART_BYTES, math.inf


def _numbers(row: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for key, value in row.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}{NESTED}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, value
