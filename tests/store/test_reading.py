"""Charts agree with the stored points, on every axis and at every zoom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import LineRequest, SeriesQuery
from lightning_sweeps.server.journal_parts import parse
from lightning_sweeps.store import ingest, schema
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.store.series import point_pages, reading, rollup_pages, writing
from lightning_sweeps.store.series.chunks import Columns, columns
from tests.store.journals import STARTED, Journal

POINTS = 40_000
SPIKES = np.random.default_rng(1).choice(POINTS, 20, replace=False)


def steps() -> np.ndarray[Any, Any]:
    return np.arange(POINTS) * 3


def values() -> np.ndarray[Any, Any]:
    found = np.zeros(POINTS)
    found[SPIKES] = np.arange(1, 21)
    return found


def make_run(
    store: Store,
    run: str,
    *,
    journal: str = "",
    attempt: int = 0,
    created: float = STARTED,
    resumed_step: int | None = None,
) -> str:
    """Create an empty run and return the id of its journal."""
    made = Journal(journal or f"journal-of-{run}", run, attempt=attempt, created=created, resumed_step=resumed_step)
    with store.write() as connection:
        ingest.commit(connection, store.series, parse(made.id, 0, made.data, committed=0), now=created)
    return made.id


def add(store: Store, run: str, journal: str, **points: Columns) -> None:
    with store.write() as connection:
        writing.append(connection, store.series, points, kind="run", owner_id=run, journal_id=journal)


@pytest.fixture
def long_run(store: Store) -> Iterator[Store]:
    """A run `long` with `loss` in every row and `epoch` in every hundredth row."""
    journal = make_run(store, "long")
    times = STARTED + np.arange(POINTS) * 0.25
    sequence = np.arange(1, POINTS + 1)
    for start in range(0, POINTS, 9_999):
        part = slice(start, start + 9_999)
        loss = columns(*(array[part].tolist() for array in (sequence, steps(), times, values())))
        rows = [row for row in sequence[part].tolist() if row % 100 == 1]
        epochs = columns(rows, rows, [STARTED + row for row in rows], [row // 100 for row in rows])
        add(store, "long", journal, loss=loss, **({"epoch": epochs} if rows else {}))
    yield store


ATTEMPTS = [(0, 12_000, None), (8_000, 11_000, 8_000), (9_000, 20_000, 9_000)]
"""Attempts of one run: the first step, the step after the last one, and the step of the checkpoint."""


@pytest.fixture
def resumed_run(store: Store) -> Store:
    """A run with three attempts; the second and the third resume from checkpoints. The value is the attempt."""
    for attempt, (first, end, resumed) in enumerate(ATTEMPTS):
        began = STARTED + 50_000 * attempt
        journal = make_run(store, "r", journal=f"j{attempt}", attempt=attempt, created=began, resumed_step=resumed)
        steps = list(range(first, end))
        rows, times = list(range(1, len(steps) + 1)), [began + step - first for step in steps]
        value = columns(rows, steps, times, [float(attempt)] * len(steps))
        add(store, "r", journal, value=value, at=columns(rows, steps, times, [float(step) for step in steps]))
    return store


@pytest.mark.parametrize("x", ["step", "time", "relative", "key:at"])
@pytest.mark.parametrize("width", [7, 300, 5_000])
def test_a_chart_of_a_resumed_run_leaves_abandoned_points_out(resumed_run: Store, x: str, width: int) -> None:
    asked = SeriesQuery([LineRequest("r", "value")], x, points=width)
    with resumed_run.read() as connection:
        (live,) = reading.query(connection, resumed_run.series, asked).lines
        (whole,) = reading.query(connection, resumed_run.series, replace(asked, with_abandoned=True)).lines
        buckets = reading.read_buckets(connection, resumed_run.series, "r", "value", width=width, x=x)
        points = point_pages.read_points(connection, resumed_run.series, "r", "value").points
    assert sum(live.counts) == sum(bucket.count for bucket in buckets.buckets) == 8_000 + 1_000 + 11_000
    assert sum(whole.counts) == sum(end - first for first, end, _ in ATTEMPTS) == len(points)
    sums = [sum(mean * count for mean, count in zip(line.mean, line.counts, strict=True) if mean) for line in (live,)]
    assert sums == [pytest.approx(1_000 * 1 + 11_000 * 2)]
    kept = [point for point in points if not point.is_abandoned]
    assert [point.step for point in kept] == list(range(20_000))
    assert {point.journal: point.step for point in reversed(points) if point.is_abandoned} == {"j0": 8_000, "j1": 9_000}


def spikes(maxima: list[float | None]) -> set[float]:
    return {value for value in maxima if value}


@pytest.mark.parametrize("x", ["step", "time", "relative", "key:epoch"])
def test_all_spikes_are_visible_on_every_axis(long_run: Store, x: str) -> None:
    with long_run.read() as connection:
        (line,) = reading.query(
            connection, long_run.series, SeriesQuery([LineRequest("long", "loss")], x, points=500)
        ).lines
    assert line.count == sum(line.counts) == POINTS
    assert len(line.x) <= 500 and line.x == sorted(line.x)
    buckets = np.unique(np.minimum(SPIKES * 500 // POINTS, 499))
    assert len(spikes(line.maximum)) >= len(buckets) - 2 and max(spikes(line.maximum)) == 20
    ends = {"step": (0, 3 * POINTS), "time": (STARTED, STARTED + POINTS / 4), "relative": (0, POINTS / 4)}
    low, high = ends.get(x, (0, POINTS / 100))
    margin = (high - low) / 200
    assert low <= line.x[0] < low + margin and high - margin < line.x[-1] <= high


@pytest.mark.parametrize(("low", "high"), [(0, 299), (30_000, 30_900), (600, 90_000), (119_000, 500_000), (-9, -1)])
@pytest.mark.parametrize("width", [1, 70, 1000])
def test_a_part_has_exactly_its_points(long_run: Store, low: float, high: float, width: int) -> None:
    inside = (steps() >= low) & (steps() <= high)
    with long_run.read() as connection:
        drawn = reading.read_buckets(connection, long_run.series, "long", "loss", width=width, low=low, high=high)
        points = point_pages.read_points(connection, long_run.series, "long", "loss", low=low, high=high).points
    assert [point.step for point in points] == steps()[inside].tolist()
    assert drawn.count == POINTS and sum(bucket.count for bucket in drawn.buckets) == inside.sum()
    highest = max((bucket.maximum or 0.0 for bucket in drawn.buckets), default=0.0)
    assert highest == (values()[inside].max() if inside.any() else 0.0)
    assert all(low <= bucket.step <= high for bucket in drawn.buckets)


@pytest.mark.parametrize(
    ("x", "low", "expected"), [("step", None, range(1, 5001)), ("relative", 100.0, range(401, 5001))]
)
def test_points_page_by_page(long_run: Store, x: str, low: float | None, expected: range) -> None:
    found: list[int] = []
    cursor = None
    with long_run.read() as connection:
        while cursor is not None or not found:
            page = point_pages.read_points(
                connection, long_run.series, "long", "loss", x=x, low=low, start=cursor, limit=997
            )
            found += [point.sequence for point in page.points]
            cursor = page.following
            if len(found) >= len(expected):
                break
    assert found[: len(expected)] == list(expected)


def test_a_page_of_points_begins_in_a_journal_of_the_series(long_run: Store) -> None:
    with long_run.read() as connection, pytest.raises(NotFound, match="no points of the journal `other`"):
        start = point_pages.PointsCursor("other", 0)
        point_pages.read_points(connection, long_run.series, "long", "loss", start=start)


def test_chunks_without_rollups_are_drawn_and_can_be_rolled_up(long_run: Store) -> None:
    def look() -> list[Any]:
        with long_run.read() as connection:
            return [
                reading.read_buckets(connection, long_run.series, "long", "loss", width=400, low=low)
                for low in (None, 30_000.0)
            ]

    before = look()
    with long_run.write() as connection:
        connection.execute(delete(schema.rollup_page))
        connection.execute(update(schema.segment).values(rolled_up=0))
    for found, expected in zip(look(), before, strict=True):
        assert sum(bucket.count for bucket in found.buckets) == sum(bucket.count for bucket in expected.buckets)
    with long_run.write() as connection:
        lacking = rollup_pages.segments_to_roll_up(connection, limit=10)
        assert [rollup_pages.catch_up(connection, segment) for segment in lacking] == [POINTS // 1024]
        assert rollup_pages.segments_to_roll_up(connection, limit=10) == []
    assert look() == before


def test_new_chunks_after_chunks_without_rollups(long_run: Store) -> None:
    with long_run.write() as connection:
        connection.execute(delete(schema.rollup_page))
        connection.execute(update(schema.segment).values(rolled_up=0))
    more = list(range(POINTS + 1, POINTS + 1025))
    add(long_run, "long", "journal-of-long", loss=columns(more, more, [STARTED] * 1024, [50.0] * 1024))
    with long_run.read() as connection:
        segment = connection.execute(select(schema.segment).order_by(schema.segment.c.id)).first()
        drawn = reading.read_buckets(connection, long_run.series, "long", "loss", width=300)
    assert segment is not None and segment.rolled_up == segment.chunks == (POINTS + 1024) // 1024
    assert sum(bucket.count for bucket in drawn.buckets) == POINTS + 1024


def test_two_attempts_and_decreasing_steps(store: Store) -> None:
    for attempt, steps_of in enumerate((range(3000), range(2000, 6000))):
        journal = make_run(store, "r", journal=f"j{attempt}", attempt=attempt, created=STARTED + attempt)
        rows = list(range(1, len(steps_of) + 1))
        add(
            store, "r", journal, loss=columns(rows, list(steps_of), [STARTED] * len(rows), [float(attempt)] * len(rows))
        )
    with store.read() as connection:
        drawn = reading.read_buckets(connection, store.series, "r", "loss", width=6)
        points = point_pages.read_points(connection, store.series, "r", "loss", low=2500, high=2501).points
    assert [bucket.count for bucket in drawn.buckets] == pytest.approx([1000, 1000, 2000, 1000, 1000, 1000], abs=200)
    assert [(point.journal, point.step) for point in points] == [("j0", 2500), ("j0", 2501), ("j1", 2500), ("j1", 2501)]


def test_an_axis_that_jumps_is_drawn_point_by_point(store: Store) -> None:
    rng = np.random.default_rng(0)
    rows = list(range(1, 5001))
    at = rng.random(5000)
    times = [STARTED] * 5000
    journal = make_run(store, "r")
    add(
        store,
        "r",
        journal,
        norm=columns(rows, rows, times, at.tolist()),
        loss=columns(rows, rows, times, (at * 2).tolist()),
    )
    with store.read() as connection:
        line = reading.query(
            connection, store.series, SeriesQuery([LineRequest("r", "loss")], "key:norm", points=50)
        ).lines[0]
    assert sum(line.counts) == 5000
    assert all(mean is not None and abs(mean - 2 * x) < 1e-9 for x, mean in zip(line.x, line.mean, strict=True))


def test_many_lines_and_groups_in_one_call(store: Store) -> None:
    for seed in range(4):
        journal = make_run(store, f"r{seed}")
        rows = list(range(1, 101))
        loss = columns(rows, rows, [STARTED + row for row in rows], [float(seed)] * 100)
        add(store, f"r{seed}", journal, loss=loss, **({"acc": loss} if seed == 0 else {}))
    asked = [LineRequest(f"r{seed}", "loss", "seeds") for seed in range(4)]
    asked += [LineRequest("r0", "acc"), LineRequest("r1", "acc"), LineRequest("nobody", "loss")]
    with store.read() as connection:
        answer = reading.query(connection, store.series, SeriesQuery(asked, points=1000))
    assert [(line.owner, line.count, len(line.x)) for line in answer.lines] == [
        ("r0", 100, 100),
        ("r1", 0, 0),
        ("nobody", 0, 0),
    ]
    (group,) = answer.groups
    assert (group.group, group.members, group.counts) == ("seeds", 4, [4] * 100)
    assert (group.mean[0], group.median[0], group.minimum[0], group.maximum[0]) == (1.5, 1.5, 0.0, 3.0)


def test_unknown_owners_series_and_axes_are_refused(store: Store) -> None:
    make_run(store, "r")
    with store.read() as connection:
        with pytest.raises(NotFound, match="nobody"):
            reading.read_buckets(connection, store.series, "nobody", "loss", width=10)
        with pytest.raises(NotFound, match="no series `loss`"):
            point_pages.read_points(connection, store.series, "r", "loss")
        with pytest.raises(UsageError, match=r"`sideways`.*`key:<name>`"):
            reading.query(connection, store.series, SeriesQuery([], "sideways"))


def test_an_axis_without_values_draws_nothing(long_run: Store) -> None:
    with long_run.read() as connection:
        line = reading.query(
            connection, long_run.series, SeriesQuery([LineRequest("long", "loss")], "key:nothing")
        ).lines[0]
    assert (line.count, line.x) == (POINTS, [])


def test_size_of_a_realistic_curve(tmp_path: Any) -> None:
    store = open_store(sqlite_url(tmp_path / "size.db"))
    migrate(store)
    journal = make_run(store, "r")
    empty = size(store)
    rng = np.random.default_rng(0)
    count = 102_400
    rows = np.arange(1, count + 1)
    times = STARTED + np.cumsum(rng.normal(0.1, 0.01, count).clip(0.01))
    loss = (np.exp(-rows / 20_000) + rng.normal(0, 0.05, count)).astype(np.float32).astype(float)
    add(store, "r", journal, loss=columns(rows.tolist(), rows.tolist(), times.tolist(), loss.tolist()))
    assert size(store) - empty <= 10 * count
    store.close()


def size(store: Store) -> int:
    """Return the size of an SQLite database, with what is in its log."""
    with store.engine.connect() as connection:
        pages, of_bytes = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size")
        )
    return int(pages or 0) * int(of_bytes or 0)
