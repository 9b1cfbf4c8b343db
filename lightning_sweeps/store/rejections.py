"""Keeps what could not be stored: single records, with their bytes, and journals that stay on their machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from lightning_sweeps.journal.format import JournalEntry, decode, encode
from lightning_sweeps.journal.records import Record
from lightning_sweeps.messages import RejectedJournal, RejectedRecord, Rejections
from lightning_sweeps.store import database, schema
from lightning_sweeps.store.column_values import text
from lightning_sweeps.store.project_access import Projects, only_in

MAX_LISTED = 1000

_record = schema.rejected_record
_refused = schema.rejected_journal
_journal = schema.journal
_run = schema.run


@dataclass(frozen=True, slots=True)
class UnstoredRecord:
    """A record of a journal that cannot be stored, with its place in the file and the reason."""

    entry: JournalEntry
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record that was rejected, to be tried again."""

    id: int
    journal_id: str
    run_id: str | None
    record: Record


def lock_journal(connection: Connection, journal_id: str) -> Row[Any] | None:
    """Lock a journal until the transaction ends, and return its id, run and offset; None for an unknown journal."""
    database.lock_name(connection, journal_id)
    columns: tuple[Any, ...] = (_journal.c.id, _journal.c.run_id, _journal.c.offset)
    return connection.execute(select(*columns).where(_journal.c.id == journal_id)).one_or_none()


def add(
    connection: Connection, journal_id: str, run_id: str | None, refused: list[UnstoredRecord], *, now: float
) -> None:
    """Reject records of a journal, and count them in the run."""
    rows = [
        {
            "journal_id": journal_id,
            "offset": one.entry.start,
            "size_bytes": one.entry.end - one.entry.start,
            "reason": text(one.reason),
            "time": now,
            "data": encode(one.entry.record),
        }
        for one in refused
    ]
    connection.execute(insert(_record), rows)
    _count(connection, run_id, len(rows))


def skip_to(connection: Connection, journal_id: str, offset: int) -> None:
    """Continue a journal behind a record that was rejected."""
    changes = {"offset": offset, "damaged": _journal.c.damaged + 1}
    connection.execute(update(_journal).where(_journal.c.id == journal_id).values(**changes))


def list_of_run(connection: Connection, run_id: str) -> list[RejectedRecord]:
    """Return the records of a run's journals that were rejected."""
    return _listed(connection, _journal.c.run_id == run_id)


def list_all(connection: Connection, projects: Projects = None) -> Rejections:
    """Return what was rejected: at most `MAX_LISTED` journals and records, newest first.

    Args:
        connection: a transaction.
        projects: only journals and records of runs of these projects; None: all.
    """
    if projects is not None:
        return _list_of_projects(connection, projects)
    newest = select(_refused).order_by(_refused.c.time.desc(), _refused.c.id).limit(MAX_LISTED)
    journals = [RejectedJournal(**row) for row in connection.execute(newest).mappings()]
    count = connection.scalar(select(func.count()).select_from(_record)) or 0
    return Rejections(journals, _listed(connection), count)


def _list_of_projects(connection: Connection, projects: frozenset[str]) -> Rejections:
    runs = select(_run.c.id).join(schema.project).where(*only_in(projects))
    newest = select(_refused).where(_refused.c.run_id.in_(runs)).order_by(_refused.c.time.desc(), _refused.c.id)
    journals = [RejectedJournal(**row) for row in connection.execute(newest.limit(MAX_LISTED)).mappings()]
    is_own = _journal.c.run_id.in_(runs)
    count = connection.scalar(select(func.count()).select_from(_record).join(_journal).where(is_own)) or 0
    return Rejections(journals, _listed(connection, is_own), count)


def list_retryable(connection: Connection, *, after: int, limit: int) -> list[StoredRecord]:
    """Return records to be tried again with an id above `after`, in the order in which they were rejected."""
    query = select(_record.c.id, _record.c.journal_id, _record.c.data, _journal.c.run_id).join(_journal)
    query = query.where(_record.c.data.is_not(None), _record.c.id > after).order_by(_record.c.id).limit(limit)
    return [
        StoredRecord(row.id, row.journal_id, row.run_id, item.record)
        for row in connection.execute(query)
        for item in decode(row.data)
        if isinstance(item, JournalEntry)
    ]


def remove(connection: Connection, record: StoredRecord) -> None:
    """Forget a record, because it is stored now."""
    connection.execute(delete(_record).where(_record.c.id == record.id))
    _count(connection, record.run_id, -1)


def reject_journals(connection: Connection, journals: Iterable[RejectedJournal]) -> None:
    """Note journals that stay on their machine, and forget those that a machine notes again."""
    for journal in journals:
        row = {name: getattr(journal, name) for name in ("id", "run_id", "time")}
        row |= {name: text(getattr(journal, name)) for name in ("host", "path", "reason")}
        connection.execute(delete(_refused).where(_refused.c.id == journal.id))
        connection.execute(insert(_refused).values(row))


def accept_journal(connection: Connection, journal_id: str) -> None:
    """Forget that a journal was refused: it arrives now."""
    connection.execute(delete(_refused).where(_refused.c.id == journal_id))


def _listed(connection: Connection, *conditions: Any) -> list[RejectedRecord]:
    columns = [_record.c[name] for name in ("journal_id", "offset", "size_bytes", "reason", "time")]
    query = select(*columns, _journal.c.run_id).join(_journal).where(*conditions).order_by(_record.c.id)
    return [RejectedRecord(*row[:5], run=row[5]) for row in connection.execute(query.limit(MAX_LISTED))]


def _count(connection: Connection, run_id: str | None, added: int) -> None:
    if run_id is not None:
        counted = func.coalesce(_run.c.rejected, 0) + added
        connection.execute(update(_run).where(_run.c.id == run_id).values(rejected=counted))
