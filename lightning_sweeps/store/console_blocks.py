"""Keeps the signatures of the console lines of runs, so that a search reads only lines that may be found.

Lines are added to a run under its lock. When `BLOCK_LINES` lines have no signature yet, they become a block. The lines
after the last block are few, and are always read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.console_signatures import BLOCK_LINES, is_selective, joined, may_contain, signature

AT_ONCE = 8
"""Number of blocks that one transaction makes: an old database has many lines without a signature."""

NO_END = 2**63 - 1
"""The greatest id."""

_line = schema.console
_block = schema.console_block
_INSERT = insert(_line)
_LAST = select(func.coalesce(func.max(_block.c.last_id), 0)).where(_block.c.run_id == bindparam("run"))
_NEXT = (
    select(_line.c.id)
    .where(_line.c.run_id == bindparam("run"), _line.c.id > _LAST.scalar_subquery())
    .order_by(_line.c.id)
    .limit(1)
    .offset(BLOCK_LINES - 1)
)
_LINES = select(_line.c.line).where(
    _line.c.run_id == bindparam("run"), _line.c.id > bindparam("after"), _line.c.id <= bindparam("last")
)


def add_lines(connection: Connection, run_id: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Add lines, as rows of the table `console`, to a run. The caller holds the run's lock."""
    connection.execute(_INSERT, lines)
    extend(connection, run_id)


def extend(connection: Connection, run_id: str) -> int:
    """Make blocks of a run's lines that have none, and return how many. The caller holds the run's lock."""
    for made in range(AT_ONCE):
        last = connection.scalar(_NEXT, {"run": run_id})
        if last is None:
            return made
        after = connection.scalar(_LAST, {"run": run_id})
        lines = connection.scalars(_LINES, {"run": run_id, "after": after, "last": last})
        row = {"run_id": run_id, "after_id": after, "last_id": last, "signature": signature(lines)}
        connection.execute(insert(_block), row)
    return AT_ONCE


def are_due(connection: Connection, run_id: str) -> bool:
    """Return whether so many lines of a run have no signature that they should become a block."""
    return connection.scalar(_NEXT, {"run": run_id}) is not None


def note_changed(connection: Connection, run_id: str, lines: Mapping[int, str]) -> None:
    """Add changed lines to the signatures of their blocks.

    Args:
        connection: the transaction that changes the lines.
        run_id: their run.
        lines: the new lines, by id.
    """
    query = select(_block).where(
        _block.c.run_id == run_id, _block.c.last_id >= min(lines), _block.c.after_id < max(lines)
    )
    for block in connection.execute(query.with_for_update()).all():
        changed = [line for line_id, line in lines.items() if block.after_id < line_id <= block.last_id]
        both = joined(block.signature, signature(changed))
        is_it = (_block.c.run_id == run_id) & (_block.c.last_id == block.last_id)
        connection.execute(update(_block).where(is_it).values(signature=both))


def ranges_to_read(
    connection: Connection, run_id: str, find: str, *, after: int, until: int = NO_END
) -> list[tuple[int, int]]:
    """Return the ranges of ids in which lines of a run may contain a text, in ascending order.

    Args:
        connection: the transaction.
        run_id: the run.
        find: the text.
        after: only lines with a greater id.
        until: only lines with at most this id.

    Returns:
        For each range the id before it and its last id.
    """
    asked = select(_block.c.after_id, _block.c.last_id, _block.c.signature).where(
        _block.c.run_id == run_id, _block.c.last_id > after, _block.c.after_id < until
    )
    blocks = connection.execute(asked.order_by(_block.c.last_id)).all() if is_selective(find) else []
    chosen = may_contain([block.signature for block in blocks], find)
    ranges = [(block.after_id, block.last_id) for block, is_chosen in zip(blocks, chosen, strict=True) if is_chosen]
    ranges.append((blocks[-1].last_id if blocks else after, NO_END))
    return [(max(first, after), min(last, until)) for first, last in _joined_neighbours(ranges) if first < until]


def numbers(connection: Connection, run_id: str, ids: Sequence[int]) -> dict[int, int]:
    """Return the numbers of lines among all lines of their run, from 1, by id. Only their blocks are counted."""
    other = _line.alias()
    is_before = (_block.c.run_id == run_id) & (_block.c.last_id < _line.c.id)
    blocks = select(func.count()).select_from(_block).where(is_before).correlate(_line).scalar_subquery()
    start = select(func.coalesce(func.max(_block.c.last_id), 0)).where(is_before).correlate(_line).scalar_subquery()
    is_in_block = (other.c.run_id == run_id) & (other.c.id > start) & (other.c.id <= _line.c.id)
    within = select(func.count()).select_from(other).where(is_in_block).correlate(_line).scalar_subquery()
    asked = select(_line.c.id, BLOCK_LINES * blocks + within).where(_line.c.id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(asked)}


def _joined_neighbours(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield ranges in ascending order, of which those without a gap between them are one."""
    first, last = ranges[0]
    for next_first, next_last in ranges[1:]:
        if next_first != last:
            yield first, last
            first = next_first
        last = next_last
    yield first, last
