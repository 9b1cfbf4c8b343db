"""Reads console lines by their numbers, so that a page can scroll through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from lightning_sweeps.messages import ConsoleWindow, NumberedLine
from lightning_sweeps.store import console, console_blocks, schema
from lightning_sweeps.store.runs import get_run

MAX_LINES = 1000
"""Maximum number of lines of a window."""

_line = schema.console


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """Which lines to read.

    Attributes:
        first: how many of the matching lines are before the window.
        limit: maximum number of lines; 0: only count them.
        stream: only lines of this stream; None: of all streams.
        find: only lines that contain this text, in upper or lower case.
    """

    first: int
    limit: int
    stream: str | None = None
    find: str = ""


def read_run_window(connection: Connection, run_id: str, wanted: WindowQuery) -> ConsoleWindow:
    """Return lines of a run in the order in which they arrived, with their numbers.

    Raises:
        NotFound: there is no such run.
    """
    return _window(connection, {run_id: get_run(connection, run_id).rank}, [_line.c.id], wanted)


def read_group_window(connection: Connection, project: str, group: str, wanted: WindowQuery) -> ConsoleWindow:
    """Return lines of all runs of a group by time, with their numbers.

    Raises:
        NotFound: there is no such group.
    """
    return _window(connection, console.ranks_of_group(connection, project, group), [_line.c.time, _line.c.id], wanted)


Order = Sequence[ColumnElement[float] | ColumnElement[int]]


def _window(connection: Connection, ranks: dict[str, int], order: Order, wanted: WindowQuery) -> ConsoleWindow:
    total, in_order = (
        _found(connection, ranks, order, wanted) if wanted.find else _counted(connection, ranks, order, wanted)
    )
    columns = (_line.c.id, _line.c.run_id, _line.c.time, _line.c.stream, _line.c.line)
    rows = {row["id"]: row for row in connection.execute(select(*columns).where(_line.c.id.in_(in_order))).mappings()}
    if wanted.find or wanted.stream is not None:
        numbers = _numbers(connection, ranks, order, in_order)
    else:
        numbers = {one: wanted.first + at + 1 for at, one in enumerate(in_order)}
    lines = [_numbered(rows[one], ranks[rows[one]["run_id"]], numbers[one]) for one in in_order]
    return ConsoleWindow(total, lines)


def _found(connection: Connection, ranks: dict[str, int], order: Order, wanted: WindowQuery) -> tuple[int, list[int]]:
    """Return how many lines contain the text, and the ids of those in the window."""
    places = [
        place for run in ranks for place in console.places(connection, run, find=wanted.find, stream=wanted.stream)
    ]
    if len(order) > 1:
        places.sort()  # by time
    return len(places), [place[1] for place in places[wanted.first : wanted.first + wanted.limit]]


def _counted(connection: Connection, ranks: dict[str, int], order: Order, wanted: WindowQuery) -> tuple[int, list[int]]:
    """Return how many lines there are, and the ids of those in the window."""
    conditions: list[ColumnElement[bool]] = [_line.c.run_id.in_(ranks)]
    if wanted.stream is not None:
        conditions.append(_line.c.stream == wanted.stream)
    total = connection.execute(select(func.count(_line.c.id)).where(*conditions)).scalar_one()
    if not wanted.limit or wanted.first >= total:
        return total, []
    # ids first: the database then sorts them without the texts
    ids = list(connection.scalars(_ids(conditions, order, wanted, total)))
    return total, ids[::-1] if _starts_at_end(wanted, total) else ids


def _starts_at_end(wanted: WindowQuery, total: int) -> bool:
    """Return whether the end is nearer to the window than the beginning: a database skips row by row."""
    return total - wanted.first - wanted.limit < wanted.first


def _ids(conditions: list[ColumnElement[bool]], order: Order, wanted: WindowQuery, total: int) -> Select[int]:
    """Return a query for the ids of a window, from the nearer end on."""
    limit = min(wanted.limit, total - wanted.first)
    query = select(_line.c.id).where(*conditions).limit(limit)
    if _starts_at_end(wanted, total):
        return query.order_by(*(column.desc() for column in order)).offset(total - wanted.first - limit)
    return query.order_by(*order).offset(wanted.first)


def _numbers(connection: Connection, ranks: dict[str, int], order: Order, ids: list[int]) -> dict[int, int]:
    """Return the numbers of lines among all lines of the runs, by their ids."""
    if len(order) == 1:
        return console_blocks.numbers(connection, next(iter(ranks)), ids)
    number = func.row_number().over(order_by=order).label("number")
    every = select(_line.c.id, number).where(_line.c.run_id.in_(ranks)).subquery()
    found = select(every.c.id, every.c.number).where(every.c.id.in_(ids))
    return {row.id: row.number for row in connection.execute(found)}


def _numbered(row: RowMapping, rank: int, number: int) -> NumberedLine:
    return NumberedLine(row["time"], row["stream"], row["line"], row["id"], row["run_id"], rank, number)
