"""A chart of a growing series receives only the new end of its lines, and the result is always right."""

from __future__ import annotations

import numpy as np
import pytest

from lightning_sweeps.messages import HeldLine, LinesQuery
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import reading
from lightning_sweeps.store.series.chunks import columns
from lightning_sweeps.store.series.reading import ChartLine
from tests.store.journals import STARTED
from tests.store.test_reading import add, make_run

MANY = 20_000
AXES = ["step", "time", "relative"]


def log(store: Store, journal: str, first: int, end: int, *, began: float = STARTED, row: int | None = None) -> None:
    """Log `value` at the steps from `first` to before `end`, one per second; `row`: number of the first row."""
    steps = list(range(first, end))
    rows = [step + 1 - first + (first if row is None else row) for step in steps]
    points = columns(rows, steps, [began + step for step in steps], [float(step) for step in steps])
    add(store, "r", journal, value=points, at=points)


def ask(store: Store, held: ChartLine | None, x: str = "step", width: int = 500, low: float | None = None) -> ChartLine:
    seen = held and held.seen
    line = HeldLine("r", "value", seen.count, seen.reach, seen.branch) if seen else HeldLine("r", "value")
    with store.read() as connection:
        (found,) = reading.query_lines(connection, store.series, LinesQuery([line], x, low=low, points=width))
    return found


@pytest.mark.parametrize("x", AXES)
@pytest.mark.parametrize("known", [30, MANY])
def test_only_new_points_are_sent(store: Store, x: str, known: int) -> None:
    journal = make_run(store, "r")
    log(store, journal, 0, known)
    first = ask(store, None, x)
    assert (first.seen.count, first.is_tail) == (known, False)
    same = ask(store, first, x)
    assert (same.seen.count, same.is_tail, len(same.drawn.x)) == (known, True, 0)
    log(store, journal, known, known + 12)
    end = ask(store, first, x)
    assert (end.seen.count, end.is_tail, end.seen.reach) == (known + 12, True, ask(store, None, x).seen.reach)
    assert end.drawn.mean.tolist() == list(range(known, known + 12))
    log(store, journal, known + 12, known + 40)
    assert ask(store, end, x).drawn.mean.tolist() == list(range(known + 12, known + 40))


def test_a_long_end_is_downsampled_without_hiding_a_value(store: Store) -> None:
    journal = make_run(store, "r")
    log(store, journal, 0, 100)
    first = ask(store, None)
    log(store, journal, 100, MANY)
    end = ask(store, first, width=50)
    assert end.is_tail and len(end.drawn.x) <= 50
    assert (end.drawn.minimum.min(), end.drawn.maximum.max(), end.drawn.count.sum()) == (100, MANY - 1, MANY - 100)


@pytest.mark.parametrize("x", ["step", "time"])
def test_late_points_make_the_line_complete_again(store: Store, x: str) -> None:
    one, other = make_run(store, "r"), make_run(store, "r", journal="of-another-rank")
    log(store, one, 0, 100)
    log(store, other, 0, 40)
    first = ask(store, None, x)
    log(store, other, 40, 120)
    late = ask(store, first, x)
    assert (late.seen.count, late.is_tail) == (220, False)
    assert late.drawn.count.sum() == 220


@pytest.mark.parametrize("x", AXES)
def test_a_run_that_resumes_from_a_checkpoint_is_sent_completely_once(store: Store, x: str) -> None:
    log(store, make_run(store, "r"), 0, 150)
    first = ask(store, None, x)
    again = make_run(store, "r", journal="second", attempt=1, created=STARTED + 100, resumed_step=100)
    cut = ask(store, first, x)
    assert (cut.is_tail, cut.drawn.mean.tolist()) == (False, list(range(100)))
    log(store, again, 100, 160, began=STARTED + 100, row=0)
    whole = ask(store, cut, x)
    assert (whole.is_tail, whole.drawn.mean.tolist()) == (False, list(range(160)))
    log(store, again, 160, 170, began=STARTED + 100, row=60)
    end = ask(store, whole, x)
    assert (end.is_tail, end.drawn.mean.tolist()) == (True, list(range(160, 170)))


def test_an_axis_that_does_not_advance_is_sent_completely(store: Store) -> None:
    journal = make_run(store, "r")

    def epoch(number: int) -> None:
        rows = list(range(number * 10 + 1, number * 10 + 11))
        times = [STARTED + row for row in rows]
        value = columns(rows, rows, times, [float(row) for row in rows])
        add(store, "r", journal, value=value, epoch=columns(rows, rows, times, [float(number // 2)] * 10))

    epoch(0)
    first = ask(store, None, "key:epoch")
    epoch(1)  # of the same place on the axis
    second = ask(store, first, "key:epoch")
    assert (second.seen.count, second.is_tail) == (20, False)
    epoch(2)
    third = ask(store, second, "key:epoch")
    assert third.is_tail and third.drawn.x.tolist() == [1]


def test_a_part_and_an_unknown_series_are_sent_completely(store: Store) -> None:
    journal = make_run(store, "r")
    log(store, journal, 0, 100)
    first = ask(store, None)
    log(store, journal, 100, 110)
    part = ask(store, first, low=90)
    assert (part.is_tail, part.drawn.x.tolist()) == (False, list(np.arange(90.0, 110.0)))
    with store.read() as connection:
        wanted = LinesQuery([HeldLine("r", "nothing", 5, 3.0), HeldLine("r", "value", 200, 500.0, first.seen.branch)])
        nothing, fewer = reading.query_lines(connection, store.series, wanted)
    assert (nothing.seen.count, nothing.is_tail, len(nothing.drawn.x)) == (0, False, 0)
    assert (fewer.seen.count, fewer.is_tail) == (110, False)
