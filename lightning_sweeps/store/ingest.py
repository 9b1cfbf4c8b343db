"""Stores parts of journals: rows and the new offset commit together, so nothing is lost or stored twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from lightning_sweeps.errors import JournalError, OffsetConflict
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import JournalEnd
from lightning_sweeps.journal.format import JournalEntry
from lightning_sweeps.store import console_blocks, nodes, rejections, runs, schema
from lightning_sweeps.store.batch import Batch, Row, UnstorableRecord, fold
from lightning_sweeps.store.blobs import artifacts
from lightning_sweeps.store.column_values import INT64_LIMIT, int32, int64, text, usable_time
from lightning_sweeps.store.database import lock_name
from lightning_sweeps.store.deleted_runs import check_not_deleted
from lightning_sweeps.store.series import write_buffer
from lightning_sweeps.store.series.blocks import pack
from lightning_sweeps.store.series.owners import ID_LENGTH, OwnerKind
from lightning_sweeps.store.series.storage import SeriesStorage

JournalRow: TypeAlias = Mapping[Any, Any]
"""A row of the table `journal` with every column except `header`."""

ASKED_INTERVAL_S = 10.0
"""How often a question about a journal is noted: it shows that the machine of a run that logs nothing is there."""

_journal = schema.journal
_SELECT_JOURNAL = select(*(column for column in _journal.c if column.name != "header")).where(
    _journal.c.id == bindparam("at_id")
)
_UPDATE_JOURNAL = (
    update(_journal)
    .where(_journal.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("offset", "rows", "damaged", "finish", "updated")})
)
_INSERT_JOURNAL = insert(_journal)
_INSERT_EXACT = insert(schema.logged_value)
_INSERT_MEDIA = insert(schema.media)
_SELECT_TRIAL = select(schema.run.c.trial_id).where(schema.run.c.id == bindparam("at_id"))


@dataclass(frozen=True, slots=True)
class JournalPart:
    """The records of a part of a journal.

    Attributes:
        journal_id: the journal's id.
        offset: byte offset in the file at which the part begins.
        entries: the records, in file order.
        damaged: byte offsets at which unreadable stretches begin.
        end: how the journal ended, if others know it and no more of the file follows.
    """

    journal_id: str
    offset: int
    entries: list[JournalEntry]
    damaged: list[int]
    end: JournalEnd | None = None


@dataclass(frozen=True, slots=True)
class StoredPart:
    """What the store committed of a part of a journal.

    Attributes:
        committed_offset: number of bytes of the journal that are committed now.
        run_id: the run that wrote the journal; None for the journal of a node and for an unknown journal.
        trial_id: the run's trial; None for a run outside a sweep.
        rank: the writer's rank.
        attempt: the writer's attempt of the trial; 0 if it is unknown.
        resumed_step: step of the checkpoint from which the attempt resumed; None if it started from the beginning.
        rows: the `log()` calls that are new, in order.
    """

    committed_offset: int
    run_id: str | None = None
    trial_id: str | None = None
    rank: int = 0
    attempt: int = 0
    resumed_step: int | None = None
    rows: list[Row] = field(default_factory=list)


def committed_offset(connection: Connection, journal_id: str) -> int:
    """Return how many bytes of the journal are committed; 0 for an unknown journal."""
    return connection.scalar(select(_journal.c.offset).where(_journal.c.id == journal_id)) or 0


def lock_journals(connection: Connection, journal_ids: Iterable[str]) -> None:
    """Let no part of these journals be stored until the transaction ends."""
    for journal_id in sorted(journal_ids):
        lock_name(connection, journal_id)


def missing_bytes(connection: Connection, lengths: Mapping[str, int]) -> dict[str, int]:
    """Return how many bytes are missing of each journal that is not committed up to its length."""
    query = select(_journal.c.id, _journal.c.offset).where(_journal.c.id.in_(list(lengths)))
    committed = {row.id: row.offset for row in connection.execute(query)} if lengths else {}
    lacking = {journal_id: length - committed.get(journal_id, 0) for journal_id, length in lengths.items()}
    return {journal_id: size for journal_id, size in lacking.items() if size > 0}


def commit(
    connection: Connection, series: SeriesStorage, part: JournalPart, *, now: float, by: str | None = None
) -> StoredPart:
    """Store the records of `part` that are new, and advance the journal's offset past them.

    Damage at the very end is not committed: it may be the first half of a record whose second half has not arrived.

    Args:
        connection: a transaction that writes; the caller commits it.
        series: where the points of series are stored.
        part: the records; those before the committed offset are skipped.
        now: the server's time, in seconds since the epoch.
        by: name of the API key that sent the part; a run that is new was created by it.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        JournalError: the journal does not begin with a header that names the journal and one run or node, or its run
            was deleted for good.
    """
    lock_name(connection, part.journal_id)  # even a journal without a row has one writer at a time
    journal: JournalRow | None = connection.execute(_SELECT_JOURNAL, {"at_id": part.journal_id}).mappings().first()
    committed = journal["offset"] if journal is not None else 0
    if part.offset > committed:
        raise OffsetConflict(committed)
    entries = [entry for entry in part.entries if entry.start >= committed]
    end = _end_record(part, journal, entries[-1].end if entries else committed)
    if not entries and end is None:
        return _nothing_new(connection, journal, committed, now=now)
    opened = None
    if journal is None:
        header = _checked(part.journal_id, entries[0].record)
        if header.run is not None:
            check_not_deleted(connection, header.run.id)
        opened = _open(connection, header, now=now, by=by)
        rejections.accept_journal(connection, part.journal_id)
        journal = opened.journal
    offset = entries[-1].end if entries else committed
    damaged = sum(committed <= start < offset for start in part.damaged)
    found = [*(entry.record for entry in entries), *([] if end is None else [end])]
    batch = fold(found, finish=None if _is_given_up(journal) else journal["finish"], now=now)
    if batch.rejected:
        refused = [rejections.UnstoredRecord(entries[one.index], one.reason) for one in batch.rejected]
        rejections.add(connection, journal["id"], journal["run_id"], refused, now=now)
        damaged += len(batch.rejected)
    trial_id = _write(connection, series, journal, batch, opened, offset=offset, damaged=damaged, now=now)
    return _stored(journal, offset, trial_id, batch.rows)


def commit_again(connection: Connection, series: SeriesStorage, record: rejections.StoredRecord, *, now: float) -> None:
    """Store a record that was rejected. It changes neither the offset nor, if it is a row, the end of its journal.

    Raises:
        UnstorableRecord: this version cannot store it either.
    """
    lock_name(connection, record.journal_id)
    journal: JournalRow = connection.execute(_SELECT_JOURNAL, {"at_id": record.journal_id}).mappings().one()
    batch = fold([record.record], finish=journal["finish"], now=now)
    if batch.rejected:
        raise UnstorableRecord(batch.rejected[0].reason)
    if not isinstance(record.record, records.Finish):
        batch.finish = journal["finish"]
    _write(connection, series, journal, batch, None, offset=journal["offset"], damaged=-1, now=now)


def _end_record(part: JournalPart, journal: JournalRow | None, offset: int) -> records.Finish | None:
    """Return the end that others saw as a record, or None if nobody saw it, it is known, or it is out of date.

    The end of an older copy of a journal says nothing about the journal, which is longer.
    """
    if part.end is None or part.end.size_bytes < offset or (journal is None and not part.entries):
        return None
    seen = part.end.closing
    end = records.Finish(0, part.end.time, seen.state, seen.exit_code, seen.signal, seen.reason, "service")
    known = journal["finish"] if journal is not None else None
    is_known = known is not None and all(known[name] == getattr(end, name) for name in ("state", "reason", "writer"))
    return None if is_known and not part.entries else end


def _nothing_new(connection: Connection, journal: JournalRow | None, committed: int, *, now: float) -> StoredPart:
    if journal is None:
        return StoredPart(committed)
    run_id = journal["run_id"]
    if run_id is not None and _is_given_up(journal):  # its service asks about it, so its machine is there
        connection.execute(update(_journal).where(_journal.c.id == journal["id"]).values(finish=None, updated=now))
        runs.lock_run(connection, run_id)
        runs.settle(connection, run_id)
    elif now - journal["updated"] > ASKED_INTERVAL_S:
        connection.execute(update(_journal).where(_journal.c.id == journal["id"]).values(updated=now))
    trial_id = None if run_id is None else connection.scalar(_SELECT_TRIAL, {"at_id": run_id})
    return _stored(journal, committed, trial_id, [])


def _is_given_up(journal: JournalRow) -> bool:
    """Return whether the server ended the journal, because its machine was silent."""
    return journal["finish"] is not None and journal["finish"]["writer"] == "server"


def _stored(journal: JournalRow, offset: int, trial_id: str | None, rows: list[Row]) -> StoredPart:
    return StoredPart(
        committed_offset=offset,
        run_id=journal["run_id"],
        trial_id=trial_id,
        rank=journal["rank"],
        attempt=journal["attempt"],
        resumed_step=journal["resumed_step"],
        rows=rows,
    )


@dataclass(frozen=True, slots=True)
class _OpenedJournal:
    """A journal that is new to the store, after its header was stored.

    Attributes:
        header: the header.
        journal: the journal's row.
        is_first: True if this journal created its run, so that no other journal has written to the run.
    """

    header: records.Header
    journal: JournalRow
    is_first: bool


def _open(connection: Connection, header: records.Header, *, now: float, by: str | None) -> _OpenedJournal:
    is_first = _ensure_owner(connection, header, now=now, by=by)
    row = {
        "id": header.journal,
        "run_id": header.run.id if header.run else None,
        "node_id": header.node.id if header.node else None,
        "rank": int32(header.run.rank) if header.run else 0,
        "attempt": int32(header.run.attempt) if header.run else 0,
        "offset": 0,
        "rows": 0,
        "damaged": 0,
        "created": usable_time(header.created, now),
        "updated": now,
        "resumed_step": _resumed_step(header),
        "first_step": None,
        "parent": header.parent or None,
    }
    connection.execute(_INSERT_JOURNAL, row | {"header": msgspec.to_builtins(header)})
    if header.replaces:
        _end_replaced(connection, header.replaces, now=now)
    return _OpenedJournal(header, row | {"finish": None}, is_first)


def _resumed_step(header: records.Header) -> int | None:
    step = header.run.resumed_step if header.run is not None else None
    return None if step is None else int64(step)


def _end_replaced(connection: Connection, journal_id: str, *, now: float) -> None:
    """Finish a journal whose file was deleted while its process was alive: no more of it can arrive."""
    end = {"state": "finished", "exit_code": None, "signal": None, "reason": "", "writer": "service", "time": now}
    connection.execute(update(_journal).where(_journal.c.id == journal_id).values(finish=end))


def _checked(journal_id: str, first: records.Record) -> records.Header:
    if not isinstance(first, records.Header):
        raise JournalError(
            f"the journal `{journal_id}` begins with a `{type(first).__name__}` record, not with a `Header`",
            hint="the first record of the file is missing, so its rows cannot be assigned to a run",
        )
    owners = [owner.id for owner in (first.run, first.node) if owner is not None]
    if len(owners) != 1:
        raise JournalError(f"the header of `{journal_id}` names {len(owners)} owners, not one run or one node")
    if first.journal != journal_id:
        raise JournalError(f"the header of `{journal_id}` names another journal, `{first.journal[:ID_LENGTH]}`")
    for given in (journal_id, owners[0]):
        if not 0 < len(given) <= ID_LENGTH or "/" in given or "\x00" in given:
            raise JournalError(
                f"the id `{given[:ID_LENGTH]}` is not allowed", hint=f"use 1 to {ID_LENGTH} characters without `/`"
            )
    return first


def _ensure_owner(connection: Connection, header: records.Header, *, now: float, by: str | None) -> bool:
    """Create or update the header's run or node; return True if a run was created."""
    if header.run is not None:
        return runs.ensure_run(connection, header, header.run, now=now, by=by)
    if header.node is not None:
        nodes.ensure_node(connection, header.node, created=usable_time(header.created, now))
    return False


def _write(
    connection: Connection,
    series: SeriesStorage,
    journal: JournalRow,
    batch: Batch,
    opened: _OpenedJournal | None,
    *,
    offset: int,
    damaged: int,
    now: float,
) -> str | None:
    """Write a batch and the journal's row, and return the id of the run's trial.

    The row of the run or node is locked first, until the transaction ends.
    """
    run_id, node_id = journal["run_id"], journal["node_id"]
    trial_id = None
    if run_id is None:
        nodes.mark_seen(connection, node_id, at=batch.latest)
        _lock_stalled(connection, batch)
        for stall in batch.stalls:
            runs.note_stall(connection, stall, journal_id=journal["id"])
    else:
        written = None if opened is None else opened.header
        others = [header for header in batch.headers if header is not written]
        trial_id = _write_run(connection, journal, batch, others, now=now)
    values = {
        "offset": offset,
        "rows": journal["rows"] + len(batch.rows),
        "damaged": journal["damaged"] + damaged,
        "finish": batch.finish,
        "updated": now,
    }
    connection.execute(_UPDATE_JOURNAL, values | {"at_id": journal["id"]})
    if run_id is not None and batch.rows and journal["first_step"] is None:
        _begin_rows(connection, journal, batch.rows[0][0])
    if journal["parent"] is not None and batch.finish is not None:
        runs.note_child_end(connection, run_id, batch.finish, journal["finish"], journal_id=journal["id"])
    _write_series(connection, series, journal, batch)
    is_first = opened is not None and opened.is_first and batch.finish is None  # its new row marks it as running
    if run_id is not None and not is_first and (batch.headers or batch.finish != journal["finish"]):
        runs.settle(connection, run_id)
    return trial_id


def _lock_stalled(connection: Connection, batch: Batch) -> None:
    """Lock the runs of a node's journal that stalled, with those that it has samples of.

    They are locked in the order in which `write_buffer.flush` locks them, so that the journals of two nodes do not wait
    for each other.
    """
    if batch.stalls:
        for run_id in sorted({*(text(stall.run) for stall in batch.stalls), *(key[0] for key in batch.samples)}):
            runs.lock_run(connection, run_id)


def _begin_rows(connection: Connection, journal: JournalRow, step: int) -> None:
    """Note the step of a journal's first row. With an attempt's first row, rows of earlier attempts are abandoned.

    An attempt that names no checkpoint resumed from its first step, or started from the beginning if an earlier one
    had begun no earlier.
    """
    changes: dict[str, Any] = {"first_step": step}
    others = select(_journal.c.attempt, _journal.c.first_step).where(
        _journal.c.run_id == journal["run_id"], _journal.c.parent.is_(None), _journal.c.first_step.is_not(None)
    )
    if journal["attempt"] and journal["resumed_step"] is None and journal["parent"] is None:
        begun = connection.execute(others).all()
        if all(attempt != journal["attempt"] for attempt, _ in begun):
            earlier = [first for attempt, first in begun if attempt < journal["attempt"]]
            changes["resumed_step"] = -INT64_LIMIT if earlier and step <= min(earlier) else step
    connection.execute(update(_journal).where(_journal.c.id == journal["id"]).values(**changes))


def _write_series(connection: Connection, series: SeriesStorage, journal: JournalRow, batch: Batch) -> None:
    run_id, node_id = journal["run_id"], journal["node_id"]
    is_due = batch.finish is not None
    samples = batch.samples.values() if run_id is None else ()
    blocks = [block for block in (*batch.blocks.values(), *samples) if block.keys]
    if blocks:
        rows = len(batch.rows) + sum(len(block.rows) for block in samples)
        is_full = write_buffer.add(connection, journal["id"], pack(blocks), rows=rows)
        is_due = is_due or is_full
    if is_due:
        kind: OwnerKind = "node" if run_id is None else "run"
        write_buffer.flush(connection, series, journal["id"], kind=kind, owner_id=run_id or node_id)


def _write_run(
    connection: Connection, journal: JournalRow, batch: Batch, headers: list[records.Header], *, now: float
) -> str | None:
    run_id, place = journal["run_id"], {"run_id": journal["run_id"], "journal_id": journal["id"]}
    for header in headers:
        if header.run is not None and header.run.id == run_id:
            runs.ensure_run(connection, header, header.run, now=now)
    trial_id = runs.apply(connection, run_id, batch)
    if batch.exact:
        connection.execute(_INSERT_EXACT, [value | place for value in batch.exact])
    if batch.console:
        console_blocks.add_lines(connection, run_id, [line | place for line in batch.console])
    if batch.media:
        connection.execute(_INSERT_MEDIA, [reference | place for reference in batch.media])
    for artifact in batch.artifacts:
        artifacts.add(connection, artifact, **place)
    return trial_id
