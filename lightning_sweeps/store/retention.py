"""Thins and deletes old rows: those of runs that ended long ago, and of machines' samples, in small transactions.

What is old is decided by when a journal was last seen, so a run that is imported or uploaded late is not
old. A run keeps its configuration, summary, console, media and artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update

from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.store import runs, schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import discarded, thinning, write_buffer
from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns
from lightning_sweeps.store.series.owners import process_of
from lightning_sweeps.store.series.storage import Segment

Action = Literal["thin", "delete"]

AT_ONCE = 100
PIECE = 50
"""Number of chunks, or of rows of a table, that one transaction deletes: it takes milliseconds."""
WORTHWHILE = 0.5
"""A series is thinned if at most this share of its points is kept."""

_run = schema.run
_journal = schema.journal
_series = schema.series


@dataclass(frozen=True, slots=True)
class DueRows:
    """Old rows: of a run, or samples in one journal of a machine.

    Attributes:
        run_id: the run; None for samples.
        node_id: the machine; None for a run.
        journal_id: the journal of the samples; empty for a run, which is treated as a whole.
        seen_at: when it was last seen, in seconds since the epoch.
    """

    run_id: str | None
    node_id: str | None
    journal_id: str
    seen_at: float


def due(connection: Connection, action: Action, ages: PerProject[float], *, now: float) -> list[DueRows]:
    """Return some of the rows that are older than their project allows and that the action has not treated yet.

    Samples of machines belong to no project: the age of all projects holds for them.
    """
    found: list[DueRows] = []
    for project_id, name in connection.execute(select(schema.project.c.id, schema.project.c.name)).all():
        age_s = ages.of(name)
        if age_s is not None and len(found) < AT_ONCE:
            found += _due_runs(connection, action, project_id, before=now - age_s)
    if ages.default is not None and len(found) < AT_ONCE:
        found += _due_samples(connection, action, before=now - ages.default)
    return found


def thin(store: Store, rows: DueRows) -> None:
    """Thin every series of old rows. Each segment is a transaction of its own."""
    _flush(store, rows)
    for series in _series_of(store, rows):
        for segment, points in _thinned(store, series, rows.journal_id):
            with store.write() as connection:
                if not _is_unchanged(connection, rows, series):
                    return
                grown = store.series.replace(connection, segment, points)
                _grow(connection, series.id, grown)
        empty_discarded(store)
    _mark(store, rows, "thin")


def delete_rows(store: Store, rows: DueRows) -> None:
    """Delete old rows. What they were is known only from the run's summary then."""
    _flush(store, rows)
    found = _series_of(store, rows)
    if rows.run_id is not None:
        with store.write() as connection:
            if not _is_old(connection, rows):
                return
            discarded.discard(connection, [series.id for series in found])
        _delete_exact_values(store, rows.run_id)
    elif store.series.can_thin:
        is_done = [_delete_samples(store, rows, series) for series in found]
        if not all(is_done):
            return
    _mark(store, rows, "delete")
    empty_discarded(store)


def empty_discarded(store: Store) -> None:
    """Delete what is discarded, piece by piece."""
    is_left = True
    while is_left:
        with store.write() as connection:
            is_left = discarded.delete_some(connection, store.series, limit=PIECE)


def _due_runs(connection: Connection, action: Action, project_id: str, *, before: float) -> Iterator[DueRows]:
    heard = select(func.max(_journal.c.updated)).where(_journal.c.run_id == _run.c.id).scalar_subquery()
    is_over = (_run.c.project_id == project_id) & (_run.c.state != "running") & _run.c.deleted.is_(None)
    columns: tuple[Any, ...] = (_run.c.id, heard.label("heard"))
    asked = select(*columns).where(is_over, heard < before, *_untreated(_run, action, heard)).order_by(_run.c.id)
    for run_id, at in connection.execute(asked.limit(AT_ONCE)):
        yield DueRows(run_id, None, "", at)


def _due_samples(connection: Connection, action: Action, *, before: float) -> Iterator[DueRows]:
    is_over = _journal.c.node_id.is_not(None) & _journal.c.finish.is_not(None) & (_journal.c.updated < before)
    columns: tuple[Any, ...] = (_journal.c.id, _journal.c.node_id, _journal.c.updated)
    asked = select(*columns).where(is_over, *_untreated(_journal, action, _journal.c.updated)).order_by(_journal.c.id)
    for journal_id, node_id, at in connection.execute(asked.limit(AT_ONCE)):
        yield DueRows(None, node_id, journal_id, at)


def _untreated(table: Any, action: Action, heard: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Return the conditions for rows that have arrived after the last time that they were treated."""
    done = [table.c.rows_deleted] if action == "delete" else [table.c.thinned, table.c.rows_deleted]
    return [column.is_(None) | (column < heard) for column in done]


def _flush(store: Store, rows: DueRows) -> None:
    owner = rows.run_id or rows.node_id or ""
    write_buffer.flush_owners(store, [owner] if rows.run_id is None else [owner, process_of(owner)])


def _series_of(store: Store, rows: DueRows) -> Sequence[Row[Any]]:
    owners = [rows.node_id] if rows.run_id is None else [rows.run_id, process_of(rows.run_id)]
    kinds = ["node"] if rows.run_id is None else ["run", "process"]
    chosen = (_series.c.owner_kind.in_(kinds), _series.c.owner_id.in_(owners))
    with store.read() as connection:
        asked = select(_series, _series.c.count.label("logged")).where(*chosen)
        return connection.execute(asked.order_by(_series.c.id)).all()


def _thinned(store: Store, series: Row[Any], journal_id: str) -> list[tuple[Segment, Columns]]:
    """Return the segments of a series that are worth thinning, each with the points that are kept."""
    bounds = thinning.bounds_of(series)
    found = []
    with store.read() as connection:
        for segment in store.series.segments(connection, [series.id]):
            if journal_id in ("", segment.journal_id):
                parts = store.series.read(connection, segment)
                kept, count = thinning.thin_parts(parts, bounds, resumed_at=segment.resumed_at)
                if kept is not None and len(kept) <= WORTHWHILE * count:
                    found.append((segment, kept))
    return found


def _is_unchanged(connection: Connection, rows: DueRows, series: Row[Any]) -> bool:
    """Lock the owner of a series, and return whether no row has arrived since the series was read."""
    if not _is_old(connection, rows):
        return False
    return bool(connection.scalar(select(_series.c.count).where(_series.c.id == series.id)) == series.logged)


def _is_old(connection: Connection, rows: DueRows) -> bool:
    """Lock the owner of rows, and return whether they were not seen again since they were found."""
    write_buffer.lock_owner(connection, rows.run_id, rows.node_id)
    if rows.run_id is None:
        is_it = _journal.c.id == rows.journal_id
        return bool(connection.scalar(select(_journal.c.updated).where(is_it)) == rows.seen_at)
    row = runs.lock_run(connection, rows.run_id)
    heard = connection.scalar(select(func.max(_journal.c.updated)).where(_journal.c.run_id == rows.run_id))
    return row is not None and row["state"] != "running" and heard == rows.seen_at


def _mark(store: Store, rows: DueRows, action: Action) -> None:
    table, row_id = (_journal, rows.journal_id) if rows.run_id is None else (_run, rows.run_id)
    column = "thinned" if action == "thin" else "rows_deleted"
    with store.write() as connection:
        if _is_old(connection, rows):
            connection.execute(update(table).where(table.c.id == row_id).values({column: store.now()}))


def _grow(connection: Connection, series_id: int, grown: int) -> None:
    size_bytes = func.coalesce(_series.c.size_bytes, 0) + grown
    connection.execute(update(_series).where(_series.c.id == series_id).values(size_bytes=size_bytes))


def _delete_exact_values(store: Store, run_id: str) -> None:
    """Delete the logged values that no series stores, piece by piece."""
    table = schema.logged_value
    some = select(table.c.id).where(table.c.run_id == run_id).limit(PIECE)
    deleted = PIECE
    while deleted == PIECE:
        with store.write() as connection:
            deleted = connection.execute(delete(table).where(table.c.id.in_(some))).rowcount


def _delete_samples(store: Store, rows: DueRows, series: Row[Any]) -> bool:
    """Delete the samples of one journal from a series, and return False if rows have arrived meanwhile."""
    with store.read() as connection:
        segments = store.series.segments(connection, [series.id])
        others = [segment for segment in segments if segment.journal_id != rows.journal_id]
        old = [segment for segment in segments if segment.journal_id == rows.journal_id]
        weights = [part.weighed() for segment in old for part in store.series.read(connection, segment)]
        first = next((part for segment in others for part in store.series.read(connection, segment)), None)
    with store.write() as connection:
        if not _is_unchanged(connection, rows, series):
            return False
        if first is None:
            discarded.discard(connection, [series.id])
            return True
        for segment in old:
            _grow(connection, series.id, store.series.replace(connection, segment, first.part(0, 0)))
        changed = {
            "count": _series.c.count - sum(int(one.count.sum()) for one in weights),
            "nonfinite": series.nonfinite - sum(int(one.nonfinite.sum()) for one in weights),
            "total": series.total - sum(float(one.total.sum()) for one in weights),
            "first_step": int(first.step[0]),
            "first_time": float(first.time[0]) / MICROSECONDS,
        }
        connection.execute(update(_series).where(_series.c.id == series.id).values(**changed))
    return True
