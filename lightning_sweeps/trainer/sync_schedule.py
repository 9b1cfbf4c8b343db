"""Computes after how many batches the ranks synchronize again. Pure."""

from __future__ import annotations

MAX_BATCHES = 256
"""Upper limit for fast batches: if batches become slow, the next synchronization must not be hours away."""

GROWTH = 4
"""Largest growth from one interval to the next. The first batches are slow, so their speed is not representative."""


def batches_until_next(batches: int, elapsed_s: float, *, interval_s: float) -> int:
    """Return the number of batches until the next synchronization, so that one happens about every `interval_s`.

    Args:
        batches: the number of batches between the last two synchronizations, at least 1.
        elapsed_s: the time that they took, in seconds.
        interval_s: the desired time between two synchronizations, in seconds.
    """
    limit = min(batches * GROWTH, MAX_BATCHES)
    if elapsed_s * limit <= batches * interval_s:
        return limit
    return max(1, int(batches * interval_s / elapsed_s))
