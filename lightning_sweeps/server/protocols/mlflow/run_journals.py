"""Stores what clients say of a run as its journal: rows take the same path as those of our own clients.

Clients send no numbers. A request is stored at the end of the journal, under the journal's lock, and the newest
requests are remembered (`store/taken_requests.py`): a metric that is sent again, because its answer was lost, is stored
once.

A run has one journal of MLflow clients. If another client made the run, the journal is a child of that client's, and
does not decide the state of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import QuotaExceeded
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import JournalEntry
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server import journal_parts
from lightning_sweeps.server.protocols.known_runs import run_info
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.store import clock, ingest, runs, schema, taken_requests
from lightning_sweeps.store.ingest import JournalPart
from lightning_sweeps.store.project_access import check_access
from lightning_sweeps.system.node import Process

Build: TypeAlias = Callable[[RunDetails], Sequence[records.Record]]
"""Returns the records of a request, from the state of its run. It may refuse the request."""

_journal = schema.journal


def journal_id(run_id: str) -> str:
    """Return the id of the journal of a run."""
    return derive_id("mlflow", run_id)


def begin(caller: MlflowCaller, info: records.RunInfo, process: Process, *, created: float) -> None:
    """Create a run."""
    own_id = journal_id(info.id)
    part = JournalPart(own_id, 0, [JournalEntry(records.Header(own_id, created, process, run=info), 0, 1)], [])
    caller.changed_sweeps.add(journal_parts.take_part(caller.store, part, caller.sender).changed_sweep)


def append(caller: MlflowCaller, run_id: str, build: Build, *, content: bytes | None = None) -> None:
    """Store the records of a request.

    Args:
        caller: who sends it.
        run_id: the run.
        build: returns the records.
        content: the same content is the same request, which is stored once; None: it may be stored again.

    Raises:
        NotFound: there is no such run.
        QuotaExceeded: the project accepts no more rows.
    """

    def work(connection: Connection) -> str | None:
        own_id = journal_id(run_id)
        ingest.lock_journals(connection, [own_id])
        check_access(connection, caller.sender.projects, "run", run_id)
        run = runs.get_run(connection, run_id)
        digest = None if content is None else taken_requests.digest_of(content)
        if digest is not None and taken_requests.is_taken(connection, own_id, digest):
            return None
        part = _part(connection, own_id, run, build(run))
        taken = journal_parts.commit(connection, caller.store.series, part, caller.sender, now=clock.now(connection))
        if digest is not None:
            taken_requests.note_taken(connection, own_id, digest)
        return taken.changed_sweep

    if content is not None:
        _check_quota(caller, run_id)
    caller.changed_sweeps.add(journal_parts.write(caller.store, work))


def reopening(run: RunDetails) -> records.Header:
    """Return the record that makes a run that has ended run again."""
    return _header(run, "")


def _part(connection: Connection, own_id: str, run: RunDetails, found: Sequence[records.Record]) -> JournalPart:
    """Return records as the next part of a run's journal. One that has ended stays so, unless a record reopens it."""
    query = select(_journal.c.offset, _journal.c.finish, _journal.c.parent).where(_journal.c.id == own_id)
    row = connection.execute(query).one_or_none()
    parent = _main_journal(connection, run) if row is None else row.parent or ""
    opening = [_header(run, parent)] if row is None else []
    finish = None if row is None else row.finish
    said = [_header(run, parent) if isinstance(one, records.Header) else one for one in found]
    closing = [_finish(finish)] if finish is not None and _stays_ended(finish, said) else []
    start = 0 if row is None else row.offset
    numbered = [_numbered(one, at) for at, one in enumerate([*opening, *said, *closing], start)]
    return JournalPart(own_id, start, numbered, [])


def _stays_ended(finish: Mapping[str, Any], said: Sequence[records.Record]) -> bool:
    """Return whether an ended journal must be ended again after records: a row alone would reopen it."""
    is_changed = any(isinstance(one, records.Header | records.Finish) for one in said)
    has_rows = any(isinstance(one, records.Metrics) for one in said)
    return has_rows and not is_changed and finish["writer"] != "server"


def _numbered(record: records.Record, place: int) -> JournalEntry:
    """Return a record at a place, which is also its sequence number."""
    numbered = record if isinstance(record, records.Header) else msgspec.structs.replace(record, sequence=place)
    return JournalEntry(numbered, place, place + 1)


def _finish(known: Mapping[str, Any]) -> records.Finish:
    fields = {name: known[name] for name in ("time", "state", "exit_code", "signal", "reason", "writer")}
    return records.Finish(0, **fields)


def _header(run: RunDetails, parent: str) -> records.Header:
    process = Process(0, run.created, run.node, run.host, run.user, run.command)
    return records.Header(journal_id(run.id), run.created, process, run=run_info(run), parent=parent)


def _main_journal(connection: Connection, run: RunDetails) -> str:
    """Return the journal that decides the state of a run that another client made."""
    query = select(_journal.c.id).where(
        _journal.c.run_id == run.id, _journal.c.parent.is_(None), _journal.c.attempt == run.attempt
    )
    return connection.scalar(query.order_by(_journal.c.created, _journal.c.id).limit(1)) or ""


def _check_quota(caller: MlflowCaller, run_id: str) -> None:
    """Check that the project of a run accepts rows.

    Raises:
        QuotaExceeded: it does not.
    """
    if not caller.sender.over_quota:
        return
    with caller.store.read() as connection:
        reason = caller.sender.over_quota.get(runs.get_run(connection, run_id).project)
    if reason is not None:
        own_id = journal_id(run_id)
        journal_parts.write(caller.store, lambda connection: runs.note_waiting(connection, own_id, reason))
        raise QuotaExceeded(reason)
