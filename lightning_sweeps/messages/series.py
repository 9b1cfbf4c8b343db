"""Logged series: their points, and as wide as a chart draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NonFinite = Literal["nan", "inf", "-inf"]
"""A value that JSON has no number for."""


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One logged key of a run or a node, in numbers over all its points."""

    key: str
    count: int
    first_step: int
    last_step: int
    last: float | NonFinite | None
    """`"nan"`, `"inf"` or `"-inf"` where it is not finite; None only where an earlier version wrote it as such."""
    minimum: float | None
    maximum: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value; `journal` and `sequence` name its row. Non-finite values are `"nan"`, `"inf"`, `"-inf"`."""

    journal: str
    sequence: int
    step: int
    time: float
    value: float | NonFinite
    is_abandoned: bool = False
    """Logged after the checkpoint from which a later attempt went on."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of a series drawn as one column of pixels: no finite value lies outside `minimum` and `maximum`.

    `nonfinite` of its `count` values are not finite; where all are, the four numbers are None.
    """

    step: float
    time: float
    minimum: float | None
    maximum: float | None
    mean: float | None
    last: float | None
    count: int
    nonfinite: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """`buckets` has at most as many entries as pixels were asked for."""

    owner: str
    key: str
    count: int
    buckets: list[Bucket]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One series to be drawn. Lines of one request that share a `group` (not empty) are drawn as one."""

    owner: str
    key: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Many series for charts that are `points` pixels wide.

    `x`: `step`; `time`: seconds since the epoch; `relative`: seconds since the run began; `key:<name>`: the value that
    was logged as `<name>` in the same row, or last before it. `low` and `high` zoom in; None: no border on that side.
    """

    lines: list[LineRequest]
    x: str = "step"
    low: float | None = None
    high: float | None = None
    points: int = 800
    with_abandoned: bool = False
    """Draw also what an attempt logged after the checkpoint from which a later one went on."""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """One series to be drawn, of which the asker has `held` points already: those up to the place `after` on the axis.

    `branch`: as the answer with these points gave it.
    """

    owner: str
    key: str
    held: int = 0
    after: float = 0.0
    branch: int = 0


@dataclass(frozen=True, slots=True)
class LinesQuery:
    """Many series for charts, as `SeriesQuery` asks for them, each by itself.

    Where all that is new of one lies behind what the asker holds, only that comes; a part between `low` and `high`
    always comes whole.
    """

    lines: list[HeldLine]
    x: str = "step"
    low: float | None = None
    high: float | None = None
    points: int = 800


@dataclass(frozen=True, slots=True)
class Line:
    """A series as columns, one entry per bucket, by x. `count`: points stored in all; 0 where there is no such series.

    No finite value of a bucket lies outside its `minimum` and `maximum`; a bucket without finite values has None.
    """

    owner: str
    key: str
    count: int
    x: list[float]
    minimum: list[float | None]
    maximum: list[float | None]
    mean: list[float | None]
    last: list[float | None]
    counts: list[int]
    nonfinite: list[int]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """The lines of one group on one grid: over the members' means in each bucket, and how many members have one.

    `minimum` and `maximum` are those of every single value. A member counts only where it has points: nothing is
    filled in.
    """

    group: str
    members: int
    x: list[float]
    mean: list[float | None]
    median: list[float | None]
    deviation: list[float | None]
    minimum: list[float | None]
    maximum: list[float | None]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """`lines`: those of the request without a group, in its order; `groups`: in the order of their first line."""

    lines: list[Line]
    groups: list[GroupLine]
