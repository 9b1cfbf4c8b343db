"""Finds the first rows of an order, from its beginning or after a place, without sorting all rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Key = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def first(positions: Positions, keys: Sequence[Key], count: int) -> Positions:
    """Return the first `count` of some positions, in order.

    Args:
        positions: the rows to choose from, (n,).
        keys: the value of every row, by position; the first key decides, then the next one. No NaN.
        count: number of rows; fewer if there are not that many.
    """
    found: list[Positions] = []
    rest, wanted = positions, min(count, len(positions))
    for key in keys:
        if wanted == len(rest):
            break
        values = key[rest]
        last = np.partition(values, wanted - 1)[wanted - 1] if wanted else -np.inf
        found.append(rest[values < last])
        wanted -= len(found[-1])
        rest = rest[values == last]
    chosen = np.concatenate([*found, rest[:wanted]])
    return chosen[np.lexsort([key[chosen] for key in reversed(keys)])] if keys else chosen


def after(positions: Positions, keys: Sequence[Key], place: Sequence[float]) -> Positions:
    """Return the positions that come after a place in the order.

    Args:
        positions: the rows to choose from, (n,).
        keys: as for `first`.
        place: the value of each key at the place.
    """
    later: list[Positions] = []
    rest = positions
    for key, value in zip(keys, place, strict=True):
        values = key[rest]
        later.append(rest[values > value])
        rest = rest[values == value]
    return np.concatenate([positions[:0], *later])
