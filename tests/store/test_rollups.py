"""Pages of rollups that grow with a segment equal those of the whole segment, at every size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lightning_sweeps.store.series import chunks
from lightning_sweeps.store.series.rollups import (
    FANOUT,
    PAGE_ROLLUPS,
    ROLLUP,
    ROLLUPS_PER_CHUNK,
    RollupPage,
    Rollups,
    grow,
    level_lengths,
    next_level,
    open_pages,
    roll_up,
)


def points(count: int, seed: int = 0) -> chunks.Columns:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count)
    values[rng.random(count) < 0.01] = np.nan
    values[rng.random(count) < 0.01] = np.inf
    steps = np.arange(count) + rng.integers(-3, 4, count)
    return chunks.columns(range(1, count + 1), steps.tolist(), (np.arange(count) * 0.1).tolist(), values.tolist())


def same(first: Rollups, second: Rollups) -> bool:
    return len(first) == len(second) and all(
        np.allclose(first[name], second[name], equal_nan=True) for name in ROLLUP.names or ()
    )


@pytest.mark.parametrize("seed", range(4))
def test_pages_grown_in_parts_equal_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    total = 160
    whole = roll_up(points(total * chunks.CHUNK_POINTS, seed))
    stored: dict[tuple[int, int], RollupPage] = {}
    done = 0
    while done < total:
        more = min(int(rng.choice([1, 1, 2, 3, 5, 17, 70])), total - done)
        tails = {level: stored[level, number] for level, number in open_pages(done).items()}
        fresh = whole[done * ROLLUPS_PER_CHUNK : (done + more) * ROLLUPS_PER_CHUNK]
        for page in grow(tails, chunks=done, fresh=fresh):
            assert 0 < len(page.rollups) <= PAGE_ROLLUPS
            stored[page.level, page.number] = page
        done += more
        expected = whole[: done * ROLLUPS_PER_CHUNK]
        for level, length in enumerate(level_lengths(done), start=1):
            pages = [stored[level, number].rollups for number in range(-(-length // PAGE_ROLLUPS))]
            assert same(np.concatenate(pages), expected)
            expected = next_level(expected)


def test_a_rollup_aggregates_its_points() -> None:
    some = chunks.columns([1, 2, 3], [7, 3, 5], [3.0, 1.0, 2.0], [np.nan, 2.0, np.inf])
    (rollup,) = roll_up(some)
    assert (rollup["first_sequence"], rollup["last_sequence"], rollup["low_step"], rollup["high_step"]) == (1, 3, 3, 7)
    assert (rollup["low_time"], rollup["high_time"]) == (1_000_000, 3_000_000)
    assert (rollup["minimum"], rollup["maximum"], rollup["total"], rollup["last"]) == (2.0, 2.0, 2.0, np.inf)
    assert (rollup["count"], rollup["nonfinite"]) == (3, 2)


def test_only_the_first_level_is_long() -> None:
    assert level_lengths(0) == [] and level_lengths(1) == [ROLLUPS_PER_CHUNK]
    found = level_lengths(10_000)
    assert found[0] == 160_000 and found[-1] <= FANOUT * FANOUT
    assert all(low == -(-high // FANOUT) for high, low in pairwise(found))


def test_a_sum_that_overflows_stays_finite() -> None:
    rollups = roll_up(chunks.columns([1, 2], [1, 2], [1.0, 2.0], [1.7e308, 1.7e308]))
    assert (
        np.isfinite(rollups["total"]).all()
        and np.isfinite(next_level(np.concatenate([rollups, rollups]))["total"]).all()
    )
