"""Reads the console lines of a run or of all ranks of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import ConsoleLine
from lightning_sweeps.store import console_blocks, schema
from lightning_sweeps.store.database import is_postgresql
from lightning_sweeps.store.runs import get_run

MAX_LINES = 10_000
MIN_LINES_PER_RUN = 10
LINES_AT_ONCE = 1000

_run = schema.run
_line = schema.console


@dataclass(frozen=True, slots=True)
class ConsoleQuery:
    """Which lines of a run to read.

    Attributes:
        last: maximum number of lines: the last ones that meet all conditions.
        after: only lines with a greater id.
        around: id of a line: half of the lines up to it, and half after it; None: the last lines.
        stream: only lines of this stream; None: of all streams.
        find: only lines that contain this text, in upper or lower case.
    """

    last: int
    after: int = 0
    around: int | None = None
    stream: str | None = None
    find: str = ""


def read_run(connection: Connection, run_id: str, wanted: ConsoleQuery) -> list[ConsoleLine]:
    """Return lines of a run, oldest first.

    Raises:
        NotFound: there is no such run.
    """
    return _lines(connection, run_id, get_run(connection, run_id).rank, wanted)


def read_after(connection: Connection, run_id: str, line_id: int, *, limit: int) -> list[ConsoleLine]:
    """Return the first lines of a run after the line with an id, in the order in which they arrived.

    Raises:
        NotFound: there is no such run.
    """
    rank = get_run(connection, run_id).rank
    columns = (_line.c.time, _line.c.stream, _line.c.line, _line.c.id)
    query = select(*columns).where(_line.c.run_id == run_id, _line.c.id > line_id).order_by(_line.c.id).limit(limit)
    return [ConsoleLine(row.time, row.stream, row.line, row.id, run_id, rank) for row in connection.execute(query)]


def read_group(connection: Connection, project: str, group: str, wanted: ConsoleQuery) -> list[ConsoleLine]:
    """Return lines of all runs of a group, ordered by time: `last` of each run, or fewer if that is too many in total.

    Raises:
        NotFound: there is no such group.
    """
    runs = ranks_of_group(connection, project, group)
    each = replace(wanted, last=min(wanted.last, max(MAX_LINES // len(runs), MIN_LINES_PER_RUN)))
    lines = [line for run, rank in runs.items() for line in _lines(connection, run, rank, each)]
    return sorted(lines, key=lambda line: (line.time, line.id))


def ranks_of_group(connection: Connection, project: str, group: str) -> dict[str, int]:
    """Return the ids of the runs of a group with their ranks.

    Raises:
        NotFound: there is no such group.
    """
    members = select(_run.c.id, _run.c.rank).join(schema.project)
    found = connection.execute(members.where(schema.project.c.name == project, _run.c.group == group)).all()
    if not found:
        raise NotFound(f"there is no group `{group}` in the project `{project}`")
    return {run.id: run.rank for run in found}


def _lines(connection: Connection, run_id: str, rank: int, wanted: ConsoleQuery) -> list[ConsoleLine]:
    if wanted.around is None:
        rows = _last(connection, run_id, wanted, until=console_blocks.NO_END, limit=wanted.last)
    else:
        half = max(wanted.last // 2, 1)
        rows = _last(connection, run_id, wanted, until=wanted.around, limit=half)
        rows += _first(connection, run_id, wanted, after=max(wanted.around, wanted.after), limit=half)
    return [ConsoleLine(row.time, row.stream, row.line, row.id, run_id, rank) for row in rows]


def _last(connection: Connection, run_id: str, wanted: ConsoleQuery, *, until: int, limit: int) -> list[Row[Any]]:
    """Return the last wanted lines up to an id, oldest first."""
    ranges = console_blocks.ranges_to_read(connection, run_id, wanted.find, after=wanted.after, until=until)
    return _read(connection, run_id, wanted, ranges[::-1], _line.c.id.desc(), limit=limit)[::-1]


def _first(connection: Connection, run_id: str, wanted: ConsoleQuery, *, after: int, limit: int) -> list[Row[Any]]:
    """Return the first wanted lines after an id, oldest first."""
    ranges = console_blocks.ranges_to_read(connection, run_id, wanted.find, after=after)
    return _read(connection, run_id, wanted, ranges, _line.c.id.asc(), limit=limit)


def _read(
    connection: Connection,
    run_id: str,
    wanted: ConsoleQuery,
    ranges: list[tuple[int, int]],
    order: ColumnElement[int],
    *,
    limit: int,
) -> list[Row[Any]]:
    columns = [_line.c.time, _line.c.stream, _line.c.line, _line.c.id]
    asked = _asked(connection, run_id, columns, find=wanted.find, stream=wanted.stream).order_by(order)
    found: list[Row[Any]] = []
    for after, last in ranges:
        found += _matching(
            connection, asked.where(_line.c.id.between(after + 1, last)), wanted.find, limit - len(found)
        )
        if len(found) == limit:
            break
    return found


def places(connection: Connection, run_id: str, *, find: str, stream: str | None) -> list[tuple[float, int]]:
    """Return the times and ids of all lines of a run that contain a text, in the order of their ids."""
    columns = [_line.c.time, _line.c.id, *([] if find.isascii() else [_line.c.line])]
    asked = _asked(connection, run_id, columns, find=find, stream=stream).order_by(_line.c.id)
    found: list[tuple[float, int]] = []
    for after, last in console_blocks.ranges_to_read(connection, run_id, find, after=0):
        rows = _matching(connection, asked.where(_line.c.id.between(after + 1, last)), find, None)
        found += [(row.time, row.id) for row in rows]
    return found


def _asked(
    connection: Connection, run_id: str, columns: Sequence[ColumnElement[Any]], *, find: str, stream: str | None
) -> Select[Any]:
    """Return a query for lines of a run, without a condition for a text beyond ASCII."""
    asked = select(*columns).where(_line.c.run_id == run_id)
    if stream is not None:
        asked = asked.where(_line.c.stream == stream)
    return asked.where(_contains(connection, find)) if find and find.isascii() else asked


def _matching(connection: Connection, asked: Select[Any], find: str, limit: int | None) -> Sequence[Row[Any]]:
    """Return the first rows that contain a text; without a limit, all of them.

    Not every database knows the case of letters beyond ASCII.
    """
    if find.isascii():
        return connection.execute(asked.limit(limit)).all()
    lowered = find.lower()
    with connection.execute(asked, execution_options={"yield_per": LINES_AT_ONCE}) as rows:
        return list(islice((row for row in rows if lowered in row.line.lower()), limit))


def _contains(connection: Connection, find: str) -> ColumnElement[bool]:
    """Return the condition that a line contains an ASCII text, in upper or lower case."""
    if is_postgresql(connection):
        return func.lower(_line.c.line).contains(find.lower(), autoescape=True)
    return _line.c.line.contains(find, autoescape=True)  # SQLite's LIKE ignores the case of ASCII, and is fast
