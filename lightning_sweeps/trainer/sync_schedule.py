"""After how many batches the ranks meet again to hear whether to stop: pure."""

from __future__ import annotations

MAX_BATCHES = 256
"""However fast batches are: when they become slow, the next meeting must not be hours away."""

GROWTH = 4
"""The first batches are slow (warm-up); how many fit into the interval is learned step by step."""


def batches_until_next(batches: int, elapsed_s: float, *, interval_s: float) -> int:
    """Return how many batches to go until the next meeting, so that meetings come about every `interval_s`.

    Args:
        batches: how many batches lay between the last two meetings, at least 1.
        elapsed_s: the time that they took.
        interval_s: the time wanted between two meetings.
    """
    limit = min(batches * GROWTH, MAX_BATCHES)
    if elapsed_s * limit <= batches * interval_s:
        return limit
    return max(1, int(batches * interval_s / elapsed_s))
