"""Reads the console lines of a run or of all ranks of a group."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, func, select

from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import ConsoleLine
from lightning_sweeps.store import schema
from lightning_sweeps.store.runs import get_run

MAX_LINES = 10_000
MIN_LINES_PER_RUN = 10

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
    members = select(_run.c.id, _run.c.rank).join(schema.project)
    runs = connection.execute(members.where(schema.project.c.name == project, _run.c.group == group)).all()
    if not runs:
        raise NotFound(f"there is no group `{group}` in the project `{project}`")
    each = replace(wanted, last=min(wanted.last, max(MAX_LINES // len(runs), MIN_LINES_PER_RUN)))
    lines = [line for run in runs for line in _lines(connection, run.id, run.rank, each)]
    return sorted(lines, key=lambda line: (line.time, line.id))


def _lines(connection: Connection, run_id: str, rank: int, wanted: ConsoleQuery) -> list[ConsoleLine]:
    chosen: list[ColumnElement[bool]] = [_line.c.run_id == run_id, _line.c.id > wanted.after]
    if wanted.stream is not None:
        chosen.append(_line.c.stream == wanted.stream)
    if wanted.find:
        chosen.append(func.lower(_line.c.line).contains(wanted.find.lower(), autoescape=True))
    known = select(_line.c.time, _line.c.stream, _line.c.line, _line.c.id).where(*chosen)
    newest = known.order_by(_line.c.id.desc())
    if wanted.around is None:
        rows = connection.execute(newest.limit(wanted.last)).all()[::-1]
    else:
        half = max(wanted.last // 2, 1)
        before = connection.execute(newest.where(_line.c.id <= wanted.around).limit(half)).all()[::-1]
        behind = known.where(_line.c.id > wanted.around).order_by(_line.c.id).limit(half)
        rows = [*before, *connection.execute(behind).all()]
    return [ConsoleLine(row.time, row.stream, row.line, row.id, run_id, rank) for row in rows]
