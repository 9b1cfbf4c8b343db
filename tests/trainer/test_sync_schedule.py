"""How often the ranks synchronize."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.trainer.sync_schedule import GROWTH, MAX_BATCHES, batches_until_next


@pytest.mark.parametrize(
    ("batches", "elapsed_s", "expected"),
    [
        (1, 0.5, 2),  # two batches fit into a second
        (1, 10.0, 1),  # a batch is longer than the interval
        (1, 0.001, GROWTH),  # fast, but one batch says little
        (4, 0.04, 4 * GROWTH),
        (100, 1.0, 100),
        (100, 0.0, MAX_BATCHES),
        (MAX_BATCHES, 0.001, MAX_BATCHES),
        (MAX_BATCHES, 1e6, 1),
    ],
)
def test_ranks_synchronize_about_once_per_interval(batches: int, elapsed_s: float, expected: int) -> None:
    assert batches_until_next(batches, elapsed_s, interval_s=1.0) == expected


@given(
    batches=st.integers(1, MAX_BATCHES),
    elapsed_s=st.floats(0, 1e9, allow_nan=False),
    interval_s=st.floats(1e-3, 1e6),
)
def test_the_next_synchronization_is_between_1_and_the_maximum(
    batches: int, elapsed_s: float, interval_s: float
) -> None:
    assert 1 <= batches_until_next(batches, elapsed_s, interval_s=interval_s) <= MAX_BATCHES
