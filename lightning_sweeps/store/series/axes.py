"""What a chart's x axis shows: where on it points and spans lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Floats, Integers
from lightning_sweeps.store.series.rollups import Spans

AxisKind: TypeAlias = Literal["step", "time", "relative", "key"]
KEY_PREFIX = "key:"


@dataclass(frozen=True, slots=True)
class Axis:
    """`step`; `time`: seconds since the epoch; `relative`: seconds since the owner began; `key`: another series."""

    kind: AxisKind
    key: str = ""


_PLAIN = {"step": Axis("step"), "time": Axis("time"), "relative": Axis("relative")}


def parse_axis(text: str) -> Axis:
    """Return the axis that `step`, `time`, `relative` or `key:<name>` names.

    Raises:
        UsageError: it names none.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    if text.startswith(KEY_PREFIX) and len(text) > len(KEY_PREFIX):
        return Axis("key", text[len(KEY_PREFIX) :])
    raise UsageError(
        f"`x` is `{text}`, allowed: `step`, `time`, `relative`, `key:<name>`",
        hint="`key:epoch` draws a series over the values that were logged as `epoch`",
    )


class Place(Protocol):
    """Where the points and spans of one segment lie on an axis; NaN: nowhere."""

    def of_spans(self, spans: Spans) -> tuple[Floats, Floats]:
        """Return the lowest and the highest place of each span's points."""
        ...

    def of_points(self, points: Columns) -> Floats: ...


@dataclass(frozen=True, slots=True)
class StepPlace:
    def of_spans(self, spans: Spans) -> tuple[Floats, Floats]:
        return spans["low_step"].astype(np.float64), spans["high_step"].astype(np.float64)

    def of_points(self, points: Columns) -> Floats:
        return points.step.astype(np.float64)


@dataclass(frozen=True, slots=True)
class TimePlace:
    """Seconds since `origin`."""

    origin: float

    def of_spans(self, spans: Spans) -> tuple[Floats, Floats]:
        return spans["low_time"] / MICROSECONDS - self.origin, spans["high_time"] / MICROSECONDS - self.origin

    def of_points(self, points: Columns) -> Floats:
        return np.asarray(points.time / MICROSECONDS - self.origin)


@dataclass(frozen=True, slots=True, eq=False)
class KeyPlace:
    """The value that another series had in the same row of the journal, or last had before it.

    The arrays describe stretches of that series, in the order of their rows: where each begins, and its lowest and
    highest value. A stretch of one point is exact; a longer one is as exact as a pixel.
    """

    sequence: Integers
    low: Floats
    high: Floats

    def of_spans(self, spans: Spans) -> tuple[Floats, Floats]:
        return self._between(spans["first_sequence"], spans["last_sequence"])

    def of_points(self, points: Columns) -> Floats:
        low, high = self._between(points.sequence, points.sequence)
        return low + (high - low) / 2

    def _between(self, first: Integers, last: Integers) -> tuple[Floats, Floats]:
        if len(self.sequence) == 0 or len(first) == 0:
            nowhere = np.full(len(first), np.nan)
            return nowhere, nowhere
        start = np.searchsorted(self.sequence, first, side="right") - 1
        end = np.searchsorted(self.sequence, last, side="right")
        is_before = end <= 0
        cuts = np.stack([np.maximum(start, 0), np.maximum(end, 1)], axis=1).ravel()
        low = np.fmin.reduceat(np.append(self.low, np.nan), cuts)[::2]
        high = np.fmax.reduceat(np.append(self.high, np.nan), cuts)[::2]
        return np.where(is_before, np.nan, low), np.where(is_before, np.nan, high)
