"""Decides which rows of a long table are visible, and which row is highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_sweeps.cli.terminal.columns import TableRow


def highlighted(rows: Sequence[TableRow], key: str, *, last: int = 0) -> int | None:
    """Return the index of the highlighted row: the row with a key, or else the one nearest to its last place.

    Rows that are only text cannot be highlighted. None: there is no row that can.
    """
    able = _able(rows)
    found = next((at for at in able if rows[at].key == key), None)
    return min(able, key=lambda at: abs(at - last), default=None) if found is None else found


def moved(rows: Sequence[TableRow], at: int | None, steps: int) -> int | None:
    """Return the index of the row that is highlighted after a number of steps down, or up if it is negative."""
    able = _able(rows)
    if at is None or not able:
        return None
    return able[max(0, min(len(able) - 1, able.index(at) + steps))]


def first_visible(at: int | None, first: int, height: int, count: int) -> int:
    """Return the first visible row, so that the highlighted row is visible and as few rows as possible move."""
    if at is not None:
        first = max(min(first, at), at - height + 1)
    return max(0, min(first, count - height))


def _able(rows: Sequence[TableRow]) -> list[int]:
    return [at for at, row in enumerate(rows) if row.chosen is not None]
