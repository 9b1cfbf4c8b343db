"""Deletes runs for good: everything that is stored of them, except for a note that keeps them from coming back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, delete, exists, func, insert, select

from lightning_sweeps.store import ingest, schema
from lightning_sweeps.store.blobs import drafts
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.projects import delete_if_empty
from lightning_sweeps.store.series import write_buffer
from lightning_sweeps.store.series.owners import process_of
from lightning_sweeps.store.series.storage import SeriesStorage, delete_series

_run = schema.run
_journal = schema.journal
_gone = schema.deleted_run

_BY_JOURNAL: tuple[Table, ...] = (schema.write_buffer, schema.rejected_record, schema.taken_request)
_BY_RUN: tuple[Table, ...] = (
    *(schema.logged_value, schema.console, schema.console_block, schema.media, schema.artifact_use),
    *(schema.rejected_journal, schema.last_value),
    _journal,
)
"""In this order: the rows of all other tables refer to a journal."""


def due(connection: Connection, *, before: float, limit: int) -> list[str]:
    """Return runs that were moved to the trash before a time, the first ones first."""
    asked = select(_run.c.id).where(_run.c.deleted < before).order_by(_run.c.deleted, _run.c.id).limit(limit)
    return list(connection.scalars(asked))


def delete_runs(store: Store, run_ids: Sequence[str], *, now: float) -> int:
    """Delete runs that are in the trash, and what only they used. Return how many were in the trash.

    Journals of these runs that arrive later are rejected. Their files are removed with the next garbage collection.

    Args:
        store: the database. One transaction deletes all of the runs: the more there are, the longer others wait.
        run_ids: the runs. Those that are not in the trash stay.
        now: seconds since the epoch.
    """
    write_buffer.flush_owners(store, map(process_of, run_ids))  # their processes' samples are in their nodes' journals
    with store.write() as connection:
        return _delete(connection, store.series, run_ids, now=now)


def _delete(connection: Connection, series: SeriesStorage, run_ids: Sequence[str], *, now: float) -> int:
    journals = list(connection.scalars(select(_journal.c.id).where(_journal.c.run_id.in_(run_ids))))
    ingest.lock_journals(connection, journals)  # in the order in which parts of journals are stored
    asked = select(_run.c.id, _run.c.project_id, _run.c.deleted_by).order_by(_run.c.id).with_for_update()
    rows = connection.execute(asked.where(_run.c.id.in_(run_ids), _run.c.deleted.is_not(None))).all()
    if not rows:
        return 0
    gone = [row.id for row in rows]
    delete_series(connection, series, [*gone, *map(process_of, gone)])
    artifacts = _artifacts_of(connection, gone)
    of_gone = select(_journal.c.id).where(_journal.c.run_id.in_(gone))
    for table in _BY_JOURNAL:
        connection.execute(delete(table).where(table.c.journal_id.in_(of_gone)))
    for table in _BY_RUN:
        connection.execute(delete(table).where(table.c.run_id.in_(gone)))
    connection.execute(delete(_run).where(_run.c.id.in_(gone)))
    connection.execute(insert(_gone), [{"id": row.id, "time": now, "key_name": row.deleted_by or ""} for row in rows])
    _delete_unused_artifacts(connection, artifacts)
    for project_id in {row.project_id for row in rows}:
        delete_if_empty(connection, project_id)
    return len(gone)


def _artifacts_of(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    use = schema.artifact_use
    return list(connection.scalars(select(use.c.artifact_id).where(use.c.run_id.in_(run_ids)).distinct()))


def _delete_unused_artifacts(connection: Connection, artifact_ids: Iterable[str]) -> None:
    """Delete versions that no other run made or used, and their aliases."""
    version, use, alias = schema.artifact, schema.artifact_use, schema.artifact_alias
    for artifact_id in artifact_ids:
        if connection.scalar(select(exists().where(use.c.artifact_id == artifact_id))):
            continue
        row = connection.execute(select(version).where(version.c.id == artifact_id)).one()
        named = (alias.c.project_id == row.project_id) & (alias.c.name == row.name) & (alias.c.version == row.version)
        connection.execute(delete(alias).where(named))
        connection.execute(delete(schema.artifact_file).where(schema.artifact_file.c.artifact_id == artifact_id))
        drafts.forget_version(connection, artifact_id)
        connection.execute(delete(version).where(version.c.id == artifact_id))


def count(connection: Connection) -> tuple[int, int, float | None]:
    """Return the number of runs in the trash, the number of their rows, and when the first one was deleted."""
    asked = select(func.count(), func.coalesce(func.sum(_run.c.rows), 0), func.min(_run.c.deleted))
    runs_in_trash, rows, oldest = connection.execute(asked.where(_run.c.deleted.is_not(None))).one()
    return runs_in_trash, rows, oldest
