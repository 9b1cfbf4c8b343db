"""Messages about series: their statistics, their points, and lines for charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

NEXT_PAGE = "Next-Page"
"""Header with the `cursor` of the next page. The last page has none."""

NonFinite = Literal["nan", "inf", "-inf"]
"""A value that JSON cannot represent as a number."""


@dataclass(frozen=True, slots=True)
class LoggedValue:
    """A logged value that a series cannot store exactly: text, a list, None, or an integer beyond 2**53.

    Attributes:
        id: ids increase in the order in which the values arrived.
    """

    id: int
    journal: str
    sequence: int
    step: int
    time: float
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class LoggedValueKey:
    """A key that has such values, and their number."""

    key: str
    count: int


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """A series of a run or a node, with statistics over all its points."""

    key: str
    count: int
    first_step: int
    last_step: int
    last: float | NonFinite | None
    """`"nan"`, `"inf"` or `"-inf"` if it is not finite; None only in data of earlier versions."""
    minimum: float | None
    maximum: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value. `journal` and `sequence` identify its row. Non-finite values are `"nan"`, `"inf"`, `"-inf"`."""

    journal: str
    sequence: int
    step: int
    time: float
    value: float | NonFinite
    is_abandoned: bool = False
    """True: logged after the checkpoint from which a later attempt resumed."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of a series that is drawn as one column of pixels.

    All its finite values lie between `minimum` and `maximum`.

    Attributes:
        count: number of values.
        nonfinite: number of values that are not finite; if no value is finite, the four numbers are None.
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
    """A series as buckets, at most as many as requested."""

    owner: str
    key: str
    count: int
    buckets: list[Bucket]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """A series to draw. Lines with the same group are drawn as one; a line with an empty group is drawn alone."""

    owner: str
    key: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Asks for many series, for charts.

    Attributes:
        lines: the series.
        x: `step`; `time`: seconds since the epoch; `relative`: seconds since the run started; `key:<name>`: the value
            of the series `<name>` in the same row or the last one before it.
        low, high: limits on the axis; None: no limit.
        points: maximum number of buckets per line, usually the chart's width in pixels.
    """

    lines: list[LineRequest]
    x: str = "step"
    low: float | None = None
    high: float | None = None
    points: int = 800
    with_abandoned: bool = False
    """True: include points that an attempt logged after the checkpoint from which a later one resumed."""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A series to draw, for a client that already has its first points.

    Attributes:
        held: number of points that the client has.
        after: their highest position on the axis.
        branch: `branch` of the answer that contained these points.
    """

    owner: str
    key: str
    held: int = 0
    after: float = 0.0
    branch: int = 0


@dataclass(frozen=True, slots=True)
class LinesQuery:
    """Asks for many series, each as its own line; see `SeriesQuery`.

    If all new points of a series come after those that the client has, the answer contains only the new ones. A part
    between `low` and `high` is always complete.
    """

    lines: list[HeldLine]
    x: str = "step"
    low: float | None = None
    high: float | None = None
    points: int = 800


@dataclass(frozen=True, slots=True)
class Line:
    """A series as columns, with one entry per bucket, ordered by x.

    All finite values of a bucket lie between its `minimum` and `maximum`; a bucket without finite values has None.

    Attributes:
        count: number of stored points; 0 if there is no such series.
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
    """The lines of a group on a common grid, with statistics over the members' means in each bucket.

    A member counts only in buckets in which it has points: nothing is interpolated.

    Attributes:
        members: number of series in the group.
        minimum, maximum: over all values of the members.
        counts: number of members with a mean in each bucket.
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
    """Answer to `SeriesQuery`.

    Attributes:
        lines: the lines without a group, in the order of the request.
        groups: the groups, in the order of their first line.
    """

    lines: list[Line]
    groups: list[GroupLine]
