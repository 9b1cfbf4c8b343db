"""The contract of series storages.

Subclass it in your tests and override the fixture::

    class TestParquetStorage(SeriesStorageContract):
        @pytest.fixture
        def storage(self) -> SeriesStorage:
            return ParquetStorage()
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import JournalEntry
from lightning_sweeps.messages import LineRequest, Point, Series, SeriesQuery
from lightning_sweeps.store import compaction, ingest, maintenance, schema
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.store.series import discarded, point_pages, reading, thinning, writing
from lightning_sweeps.store.series.chunks import Columns, columns
from lightning_sweeps.store.series.storage import SeriesStorage, delete_series
from lightning_sweeps.system.node import Process

STARTED = 1_700_000_000.0
MANY = 5_000
"""Number of points of a long series: more than a chart has buckets."""
SPIKES = {17: 100.0, 2_500: -100.0, 4_999: 200.0}
"""Values of single points of a long series, by index; the others lie between 0 and 1."""


class SeriesStorageContract:
    """Tests that a series storage must pass. Override `storage`."""

    @pytest.fixture
    def storage(self) -> SeriesStorage:
        """Return the storage to test, empty."""
        raise NotImplementedError("override the fixture `storage`")

    @pytest.fixture
    def series_store(self, storage: SeriesStorage, tmp_path: Path) -> Iterator[Store]:
        """Return a store with a new SQLite database and the storage. Override it for another database."""
        store = open_store(sqlite_url(tmp_path / "contract.db"))
        store.series = storage
        migrate(store)
        yield store
        store.close()

    def test_points_come_back_as_they_were_appended(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        values = [1.0, float("nan"), float("inf"), float("-inf"), -2.5, 1e300, 0.1]
        steps = [5, 5, 3, -1, 2**40, 0, 7]
        times = [STARTED + row for row in range(7)]
        add_points(series_store, "run", journal, loss=columns(range(1, 8), steps, times, values))
        points = read_points(series_store, "run", "loss")
        assert [point.step for point in points] == steps
        assert [point.value for point in points] == [1.0, "nan", "inf", "-inf", -2.5, 1e300, 0.1]
        assert [point.sequence for point in points] == list(range(1, 8))
        assert [point.time - STARTED for point in points] == list(range(7))
        assert {point.journal for point in points} == {journal}

    def test_parts_of_any_size_follow_one_another(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        whole, start = long_series(), 0
        for size in (1, 2, 700, 1, 1_024, 3, 2_048, MANY):
            add_points(series_store, "run", journal, loss=whole.part(start, start + size))
            start = min(start + size, MANY)
        points = read_points(series_store, "run", "loss")
        assert [point.sequence for point in points] == whole.sequence.tolist()
        assert [point.value for point in points] == whole.value.tolist()

    def test_points_are_read_from_any_position(self, series_store: Store) -> None:
        journal, whole = add_journal(series_store, "run"), long_series()
        add_points(series_store, "run", journal, loss=whole)
        with series_store.read() as connection:
            for position in (0, 1, 1_023, 1_024, 2_500, MANY - 1, MANY):
                start = point_pages.PointsCursor(journal, position)
                page = point_pages.read_points(connection, series_store.series, "run", "loss", start=start, limit=7)
                assert [point.sequence for point in page.points] == whole.sequence[position : position + 7].tolist()

    def test_series_of_a_run_are_apart(self, series_store: Store) -> None:
        journal, other = add_journal(series_store, "run"), add_journal(series_store, "other")
        add_points(series_store, "run", journal, loss=constant(1.0), accuracy=constant(2.0))
        add_points(series_store, "other", other, loss=constant(3.0))
        found = {
            (run, key): read_points(series_store, run, key)[0].value
            for run, key in (("run", "loss"), ("run", "accuracy"), ("other", "loss"))
        }
        assert found == {("run", "loss"): 1.0, ("run", "accuracy"): 2.0, ("other", "loss"): 3.0}

    def test_journals_come_in_the_order_of_their_attempts(self, series_store: Store) -> None:
        second = add_journal(series_store, "run", attempt=1, resumed_step=6)
        first = add_journal(series_store, "run", attempt=0)
        add_points(series_store, "run", second, loss=constant(2.0))
        add_points(series_store, "run", first, loss=constant(1.0))
        points = read_points(series_store, "run", "loss")
        assert [point.journal for point in points] == [first] * 10 + [second] * 10
        assert [point.is_abandoned for point in points] == [False] * 6 + [True] * 4 + [False] * 10
        with series_store.read() as connection:
            asked = SeriesQuery([LineRequest("run", "loss")])
            (line,) = reading.query(connection, series_store.series, asked).lines
        assert sum(line.counts) == 16

    @pytest.mark.parametrize("x", ["step", "time", "relative", "key:loss"])
    def test_a_chart_hides_no_value(self, series_store: Store, x: str) -> None:
        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series())
        series = read_buckets(series_store, width=200, x=x)
        assert series.count == sum(bucket.count for bucket in series.buckets) == MANY
        assert len(series.buckets) <= 200
        lows = [bucket.minimum for bucket in series.buckets if bucket.minimum is not None]
        highs = [bucket.maximum for bucket in series.buckets if bucket.maximum is not None]
        assert min(lows) == -100.0 and {100.0, 200.0} <= set(highs)

    def test_a_part_of_a_chart_has_exactly_its_points(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series())
        series = read_buckets(series_store, width=50, low=2_490, high=2_510)
        assert sum(bucket.count for bucket in series.buckets) == 21
        assert min(bucket.minimum or 0.0 for bucket in series.buckets) == -100.0
        assert len(read_points(series_store, "run", "loss", low=2_490, high=2_510)) == 21

    def test_a_transaction_that_is_rolled_back_leaves_no_point_twice(self, series_store: Store) -> None:
        class Interrupted(Exception):
            pass

        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series().part(0, 100))
        more = long_series().part(100, 2_000)
        with pytest.raises(Interrupted), series_store.write() as connection:
            points = {"loss": more, "new": constant(1.0)}
            writing.append(connection, series_store.series, points, kind="run", owner_id="run", journal_id=journal)
            raise Interrupted
        add_points(series_store, "run", journal, loss=more, new=constant(1.0))
        found = read_points(series_store, "run", "loss")
        assert [point.sequence for point in found] == list(range(1, 2_001))
        assert len(read_points(series_store, "run", "new")) == 10

    def test_deleted_series_are_gone_and_others_stay(self, series_store: Store) -> None:
        journal, other = add_journal(series_store, "run"), add_journal(series_store, "other")
        add_points(series_store, "run", journal, loss=long_series(), accuracy=constant(1.0))
        add_points(series_store, "other", other, loss=constant(3.0))
        with series_store.write() as connection:
            assert delete_series(connection, series_store.series, ["run"]) == 2
        with series_store.read() as connection:
            assert writing.list_series(connection, "run") == []
        assert len(read_points(series_store, "other", "loss")) == 10
        add_points(series_store, "run", journal, loss=constant(4.0))
        assert [point.value for point in read_points(series_store, "run", "loss")] == [4.0] * 10

    def test_a_thinned_series_looks_the_same_in_a_chart(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series())
        if not series_store.series.can_thin:
            with pytest.raises(NotImplementedError):
                thin_series(series_store, "run", "loss", intervals=500)
            return
        before = read_buckets(series_store, width=100)
        assert thin_series(series_store, "run", "loss", intervals=500) < MANY / 2
        after = read_buckets(series_store, width=100)
        assert after.count == MANY == sum(bucket.count for bucket in after.buckets)
        assert len(after.buckets) == len(before.buckets)
        for old, new in zip(before.buckets, after.buckets, strict=True):
            assert abs(old.step - new.step) <= MANY / 100
        assert [bucket.minimum for bucket in after.buckets] == pytest.approx(
            [bucket.minimum for bucket in before.buckets], abs=0.2
        )
        assert {SPIKES[17], SPIKES[4_999]} <= {bucket.maximum for bucket in after.buckets}
        values = {point.value for point in read_points(series_store, "run", "loss")}
        assert set(SPIKES.values()) <= values
        assert maintenance.check(series_store) == []

    def test_a_thinned_series_continues(self, series_store: Store) -> None:
        if not series_store.series.can_thin:
            return
        journal, whole = add_journal(series_store, "run"), long_series()
        add_points(series_store, "run", journal, loss=whole.part(0, 3_000))
        kept = thin_series(series_store, "run", "loss", intervals=100)
        add_points(series_store, "run", journal, loss=whole.part(3_000, MANY))
        points = read_points(series_store, "run", "loss")
        assert [point.sequence for point in points][kept:] == whole.sequence[3_000:].tolist()
        assert sum(bucket.count for bucket in read_buckets(series_store, width=50).buckets) == MANY
        thin_series(series_store, "run", "loss", intervals=100)
        assert sum(bucket.count for bucket in read_buckets(series_store, width=50).buckets) == MANY
        while delete_discarded(series_store):
            pass
        assert maintenance.check(series_store) == []
        with series_store.write() as connection:
            assert delete_series(connection, series_store.series, ["run"]) == 1

    def test_discarded_series_are_deleted_piece_by_piece(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series(), accuracy=constant(1.0))
        with series_store.write() as connection:
            ids = list(connection.scalars(select(schema.series.c.id).where(schema.series.c.key == "loss")))
            discarded.discard(connection, ids)
        with series_store.read() as connection:
            assert [one.key for one in writing.list_series(connection, "run")] == ["accuracy"]
        add_points(series_store, "run", journal, loss=constant(4.0))
        while delete_discarded(series_store):
            pass
        assert [point.value for point in read_points(series_store, "run", "loss")] == [4.0] * 10
        assert maintenance.check(series_store) == []

    def test_maintenance_finds_no_fault(self, series_store: Store) -> None:
        journal = add_journal(series_store, "run")
        add_points(series_store, "run", journal, loss=long_series(), accuracy=constant(1.0))
        compaction.compact(series_store)
        assert maintenance.check(series_store) == []
        assert len(read_points(series_store, "run", "loss")) == MANY


def long_series() -> Columns:
    """Return `MANY` points with one row and one step each, ten a second, and `SPIKES`."""
    index = np.arange(MANY)
    values = 0.5 + 0.5 * np.sin(index / 100)
    for at, value in SPIKES.items():
        values[at] = value
    return columns((index + 1).tolist(), index.tolist(), (STARTED + index / 10).tolist(), values.tolist())


def constant(value: float) -> Columns:
    """Return ten points of one value."""
    return columns(range(1, 11), range(10), [STARTED + row for row in range(10)], [value] * 10)


def add_journal(store: Store, run: str, *, attempt: int = 0, resumed_step: int | None = None) -> str:
    """Store the header of a journal of a run, and return the journal's id."""
    journal = f"journal-{run}-{attempt}"
    process = Process(pid=1, started=STARTED, node="node", host="host")
    info = records.RunInfo(run, "project", run, run, attempt=attempt, resumed_step=resumed_step)
    header = records.Header(journal, STARTED, process, run=info)
    part = ingest.JournalPart(journal, 0, [JournalEntry(header, 0, 1)], [])
    with store.write() as connection:
        ingest.commit(connection, store.series, part, now=STARTED)
    return journal


def add_points(store: Store, run: str, journal: str, **points: Columns) -> None:
    """Append points by series key."""
    with store.write() as connection:
        writing.append(connection, store.series, points, kind="run", owner_id=run, journal_id=journal)


def thin_series(store: Store, run: str, key: str, *, intervals: int) -> int:
    """Thin a series, and return the number of points that are kept."""
    kept = 0
    with store.write() as connection:
        is_it = (schema.series.c.owner_id == run) & (schema.series.c.key == key)
        row = connection.execute(select(schema.series).where(is_it)).one()
        bounds = thinning.bounds_of(row)
        for segment in store.series.segments(connection, [row.id]):
            parts = store.series.read(connection, segment)
            points, _ = thinning.thin_parts(parts, bounds, resumed_at=segment.resumed_at, intervals=intervals)
            assert points is not None
            store.series.replace(connection, segment, points)
            kept += len(points)
    return kept


def delete_discarded(store: Store) -> bool:
    """Delete one piece of what is discarded, and return False if nothing was left."""
    with store.write() as connection:
        return discarded.delete_some(connection, store.series, limit=2)


def read_points(
    store: Store, run: str, key: str, *, low: float | None = None, high: float | None = None
) -> list[Point]:
    """Return the points of a series."""
    with store.read() as connection:
        return point_pages.read_points(connection, store.series, run, key, low=low, high=high).points


def read_buckets(
    store: Store, *, width: int, x: str = "step", low: float | None = None, high: float | None = None
) -> Series:
    """Return the buckets of the series `loss` of the run `run`."""
    with store.read() as connection:
        return reading.read_buckets(connection, store.series, "run", "loss", width=width, x=x, low=low, high=high)
