"""Maps points and rollups to positions on a chart's x axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Floats, Integers
from lightning_sweeps.store.series.rollups import Rollups

AxisKind: TypeAlias = Literal["step", "time", "relative", "key"]
KEY_PREFIX = "key:"


@dataclass(frozen=True, slots=True)
class Axis:
    """A chart's x axis.

    Attributes:
        kind: `step`; `time`: seconds since the epoch; `relative`: seconds since the owner started; `key`: the value of
            another series.
        key: key of the other series.
    """

    kind: AxisKind
    key: str = ""


_PLAIN = {"step": Axis("step"), "time": Axis("time"), "relative": Axis("relative")}


def parse_axis(text: str) -> Axis:
    """Return the axis that `step`, `time`, `relative` or `key:<name>` names.

    Raises:
        UsageError: `text` names no axis.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    if text.startswith(KEY_PREFIX) and len(text) > len(KEY_PREFIX):
        return Axis("key", text[len(KEY_PREFIX) :])
    raise UsageError(
        f"`x` is `{text}`, allowed: `step`, `time`, `relative`, `key:<name>`",
        hint="`key:epoch` draws a series over the values logged as `epoch`",
    )


class AxisMapping(Protocol):
    """Maps the points and rollups of one segment to an axis. A position of NaN is not on the axis."""

    def of_rollups(self, rollups: Rollups) -> tuple[Floats, Floats]:
        """Return the lowest and the highest position of each rollup's points, arrays of shape (n,)."""
        ...

    def of_points(self, points: Columns) -> Floats:
        """Return the position of each point, an array of shape (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class StepMapping:
    """Maps to steps."""

    def of_rollups(self, rollups: Rollups) -> tuple[Floats, Floats]:
        return rollups["low_step"].astype(np.float64), rollups["high_step"].astype(np.float64)

    def of_points(self, points: Columns) -> Floats:
        return points.step.astype(np.float64)


@dataclass(frozen=True, slots=True)
class TimeMapping:
    """Maps to seconds since `origin`, itself in seconds since the epoch."""

    origin: float

    def of_rollups(self, rollups: Rollups) -> tuple[Floats, Floats]:
        return rollups["low_time"] / MICROSECONDS - self.origin, rollups["high_time"] / MICROSECONDS - self.origin

    def of_points(self, points: Columns) -> Floats:
        return np.asarray(points.time / MICROSECONDS - self.origin)


@dataclass(frozen=True, slots=True, eq=False)
class KeyMapping:
    """Maps to the value that another series has in the same row of the journal, or in the last row before it.

    Attributes:
        sequence: (n,) first row of each of n consecutive stretches of the other series.
        low, high: (n,) lowest and highest value of each stretch. A stretch of one point is exact, a longer one is as
            exact as a pixel.
    """

    sequence: Integers
    low: Floats
    high: Floats

    def of_rollups(self, rollups: Rollups) -> tuple[Floats, Floats]:
        return self._between(rollups["first_sequence"], rollups["last_sequence"])

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
