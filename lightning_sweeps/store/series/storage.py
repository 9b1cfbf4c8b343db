"""Defines where the points of series are stored: the protocol of a series storage, and its registry.

The table `series` names every series and holds its statistics. A series storage holds the points. The built-in one,
`chunks`, keeps them in the same database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import ColumnElement, Connection, delete, func, select

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.store import schema
from lightning_sweeps.store.series.chunks import Columns
from lightning_sweeps.store.series.segment_view import SegmentView

AT_ONCE = 400
"""Number of ids in one SQL statement: databases limit the values of a statement."""

_journal = schema.journal
_later = _journal.alias("later")
_is_later = (_later.c.run_id == _journal.c.run_id) & (_later.c.attempt > _journal.c.attempt)
RESUMED_AT = select(func.min(_later.c.resumed_step)).where(_is_later).correlate(_journal).scalar_subquery()
"""SQL for `Segment.resumed_at` in a statement that selects from `journal`."""
JOURNAL_ORDER: tuple[ColumnElement[object], ...] = (_journal.c.attempt, _journal.c.created, _journal.c.id)
"""SQL that orders segments in a statement that selects from `journal`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The points of one series that come from one journal.

    A storage may add fields in a subclass.

    Attributes:
        series_id: id of the series, in the table `series`.
        journal_id: id of the journal.
        resumed_at: step from which a later attempt of the run resumed: points of this segment at that step or later are
            abandoned. None: no points are.
    """

    series_id: int
    journal_id: str
    resumed_at: int | None


class SeriesStorage(ABC):
    """Stores the points of series: `append`, `segments`, `read` and `delete`; `rollups` makes charts fast.

    One instance is shared by all threads of a server. Every method works inside the caller's transaction, and callers
    hold the lock of the run or node that owns the series when they write. The row `(journal_id, sequence)` of a point
    is unique within its series. If a transaction is rolled back after `append`, the same rows arrive again: a storage
    outside the database skips rows that it has. Ids of series from such a transaction may be used again.

    Attributes:
        can_thin: True: `replace` works, and `read` returns `Columns.weights` as they were given.
    """

    can_thin: ClassVar[bool] = False

    @abstractmethod
    def append(
        self, connection: Connection, journal_id: str, points: Mapping[int, Columns]
    ) -> Mapping[int, int] | None:
        """Append points of one journal.

        Args:
            connection: the transaction.
            journal_id: the journal.
            points: by series id, the new points in the order of their rows.

        Returns:
            By how many bytes each series grew, by its id; None: the storage does not know.
        """

    @abstractmethod
    def segments(self, connection: Connection, series_ids: Sequence[int]) -> list[Segment]:
        """Return the segments of some series, ordered by attempt, start and id of their journals.

        `journal_segments` makes them from pairs of series and journal.
        """

    @abstractmethod
    def read(self, connection: Connection, segment: Segment) -> Iterator[Columns]:
        """Yield all points of a segment in the order of their rows, in parts of any size."""

    def read_from(self, connection: Connection, segment: Segment, position: int) -> Iterator[Columns]:
        """Yield the points of a segment from a position on, counted from 0, as `read` does.

        The default reads all points, which is correct, and slow for the last pages of a long series.
        """
        for points in self.read(connection, segment):
            skipped = min(position, len(points))
            position -= skipped
            yield points.part(skipped, len(points))

    def rollups(self, connection: Connection, views: Sequence[SegmentView]) -> None:
        """Add to every view what it shows: rollups of its segment where they are narrow enough, and points elsewhere.

        A storage passes rollups to `view.add_rollups`, which returns those that are too coarse, and points to
        `view.add_points`. Every point must be passed once: as itself, or in an accepted rollup. The default passes all
        points, which is correct and slow for long series.
        """
        for view in views:
            for points in self.read(connection, view.segment):
                view.add_points(points)

    @abstractmethod
    def delete(self, connection: Connection, series_ids: Sequence[int]) -> None:
        """Delete all points of some series. The caller deletes their rows in the table `series`."""

    def replace(self, connection: Connection, segment: Segment, points: Columns) -> int:
        """Replace all points of a segment by some of them, which have weights. Only if `can_thin`.

        Args:
            connection: the transaction. It must be short, so whatever takes long is left to `delete_some`.
            segment: the segment. Nothing was appended to it since it was read.
            points: the points that stay, in the order of their rows; there may be none.

        Returns:
            By how many bytes the series grew; below 0 if it shrank, 0 if the storage does not know.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot thin")

    def delete_some(self, connection: Connection, series_id: int, *, limit: int) -> bool:
        """Delete a part of a series that nobody reads any more; return True if nothing is left of it.

        The default deletes all at once.

        Args:
            connection: the transaction.
            series_id: the series. The caller deletes its row in the table `series` in the end.
            limit: how much to delete: about the number of chunks.
        """
        del limit
        self.delete(connection, [series_id])
        return True

    def check(self, connection: Connection, series_ids: Sequence[int]) -> list[str]:
        """Return the faults of the points of some series, for `lightning-sweeps db check`; by default: wrong counts."""
        series = schema.series
        rows = connection.execute(
            select(series.c.id, series.c.owner_id, series.c.key, series.c.count).where(series.c.id.in_(series_ids))
        ).all()
        stored: defaultdict[int, int] = defaultdict(int)
        for segment in self.segments(connection, series_ids):
            parts = self.read(connection, segment)
            stored[segment.series_id] += sum(int(points.weighed().count.sum()) for points in parts)
        return [wrong_count(row[1], row[2], stored[row[0]], row[3]) for row in rows if stored[row[0]] != row[3]]

    def compact(self, connection: Connection, *, limit: int) -> int:
        """Do a part of the work of `lightning-sweeps db compact`, and return how many chunks were compacted.

        Args:
            connection: the transaction.
            limit: how much to do in this transaction; the method is called until it returns 0.
        """
        del connection, limit
        return 0


SERIES_STORAGES: Registry[type[SeriesStorage]] = Registry(
    "series storage",
    "lightning_sweeps.series_storages",
    {"chunks": "lightning_sweeps.store.series.chunk_storage:ChunkStorage"},
    required=("append", "segments", "read", "delete"),
)
DEFAULT_STORAGE = "chunks"

SegmentKey: TypeAlias = tuple[int, str]
"""Series id and journal id."""


def journal_segments(connection: Connection, keys: Iterable[SegmentKey]) -> list[Segment]:
    """Return the segments of pairs of series and journal, in the order that `SeriesStorage.segments` promises."""
    by_journal: defaultdict[str, list[int]] = defaultdict(list)
    for series_id, journal_id in keys:
        by_journal[journal_id].append(series_id)
    ids = list(by_journal)
    rows: list[Any] = []
    for start in range(0, len(ids), AT_ONCE):
        asked = select(_journal.c.id, RESUMED_AT, *JOURNAL_ORDER).where(_journal.c.id.in_(ids[start : start + AT_ONCE]))
        rows += connection.execute(asked).all()
    rows.sort(key=lambda row: tuple(row[2:]))
    return [Segment(series_id, row[0], row[1]) for row in rows for series_id in by_journal[row[0]]]


def wrong_count(owner_id: str, key: str, stored: int, expected: int) -> str:
    """Return the finding for a series whose number of points differs from its row."""
    return f"series `{key}` of `{owner_id}` has {stored} points, but its row says {expected}"


def delete_series(connection: Connection, storage: SeriesStorage, owner_ids: Sequence[str]) -> int:
    """Delete every series of some owners, and return how many there were."""
    series = schema.series
    ids: list[int] = []
    for start in range(0, len(owner_ids), AT_ONCE):
        of_owners = series.c.owner_id.in_(owner_ids[start : start + AT_ONCE])
        ids += connection.scalars(select(series.c.id).where(of_owners))
    storage.delete(connection, ids)
    for start in range(0, len(ids), AT_ONCE):
        connection.execute(delete(series).where(series.c.id.in_(ids[start : start + AT_ONCE])))
    return len(ids)
