"""A part of a journal into the database: its rows and its new offset commit together, so nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, text, update

from lightning_sweeps.engine import sweeps
from lightning_sweeps.engine.judge import Writer
from lightning_sweeps.errors import JournalError, OffsetConflict
from lightning_sweeps.journal import records
from lightning_sweeps.messages import AsideRecord, Command, IngestReply
from lightning_sweeps.store import nodes, runs, schema
from lightning_sweeps.store.batch import Batch, fold
from lightning_sweeps.store.blobs import artifacts
from lightning_sweeps.store.column_values import int32, int64, usable_time
from lightning_sweeps.store.series import write_buffer
from lightning_sweeps.store.series.blocks import pack
from lightning_sweeps.store.series.owners import ID_LENGTH, OwnerKind

Journal: TypeAlias = Mapping[Any, Any]
"""A row of `journal`, all columns but the header."""

_journal = schema.journal
_aside = schema.aside
_SELECT_JOURNAL = select(*(column for column in _journal.c if column.name != "header")).where(
    _journal.c.id == bindparam("at_id")
)
_UPDATE_JOURNAL = (
    update(_journal)
    .where(_journal.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("offset", "rows", "damaged", "finish", "updated")})
)
_INSERT_JOURNAL = insert(_journal)
_INSERT_CONSOLE = insert(schema.console)
_INSERT_MEDIA = insert(schema.media)
_SELECT_TRIAL = select(schema.run.c.trial_id).where(schema.run.c.id == bindparam("at_id"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A record and where it lies in the journal file: bytes `start` to `end`."""

    record: records.Record
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of a journal.

    Attributes:
        offset: where reading began.
        entries: the records, in order.
        damaged: where stretches begin that could not be read.
    """

    journal_id: str
    offset: int
    entries: list[Entry]
    damaged: list[int]


def committed_offset(connection: Connection, journal_id: str) -> int:
    """Return how many bytes of the journal are committed; 0 for one that is not known."""
    return connection.scalar(select(_journal.c.offset).where(_journal.c.id == journal_id)) or 0


def commit(connection: Connection, part: Part, *, now: float) -> IngestReply:
    """Write what `part` adds to what is committed, and move the offset behind it.

    Damage at the very end is not committed: it may be the first half of a record whose second half is still to come.

    Raises:
        OffsetConflict: the part begins behind what is committed.
        JournalError: the journal does not begin with a header that names itself and one run or node.
    """
    _lock(connection, part.journal_id)
    journal: Journal | None = connection.execute(_SELECT_JOURNAL, {"at_id": part.journal_id}).mappings().first()
    committed = journal["offset"] if journal is not None else 0
    if part.offset > committed:
        raise OffsetConflict(committed)
    entries = [entry for entry in part.entries if entry.start >= committed]
    if not entries:
        return IngestReply(committed, _commands(connection, journal))
    opening = None
    if journal is None:
        opening = _open(connection, _checked(part.journal_id, entries[0].record), now=now)
        journal = opening.journal
    end = entries[-1].end
    damaged = sum(committed <= start < end for start in part.damaged)
    batch = fold([entry.record for entry in entries], finish=journal["finish"], now=now)
    if batch.aside:
        _set_aside(connection, journal["id"], entries, batch, now)
        damaged += len(batch.aside)
    trial_id = _write(connection, journal, batch, opening, offset=end, damaged=damaged, now=now)
    return IngestReply(end, _commands(connection, journal, trial_id))


def list_aside(connection: Connection, run_id: str) -> list[AsideRecord]:
    """Return the records of a run's journals that could not be stored."""
    found = select(_aside.c.journal_id, _aside.c.offset, _aside.c.size_bytes, _aside.c.reason, _aside.c.time)
    rows = connection.execute(found.join(_journal).where(_journal.c.run_id == run_id).order_by(_aside.c.id))
    return [AsideRecord(*row) for row in rows]


def _set_aside(connection: Connection, journal_id: str, entries: list[Entry], batch: Batch, now: float) -> None:
    rows = []
    for one in batch.aside:
        entry = entries[one.index]
        place = {"journal_id": journal_id, "offset": entry.start, "size_bytes": entry.end - entry.start}
        rows.append(place | {"reason": one.reason, "time": now})
    connection.execute(insert(_aside), rows)


def _lock(connection: Connection, journal_id: str) -> None:
    """Let one request at a time work on a journal, also before it has a row; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": journal_id})


@dataclass(frozen=True, slots=True)
class _Opening:
    """A journal that was not known: its header has been written, and its row is there.

    `is_first`: there was no run before it, so nobody else has written to it.
    """

    header: records.Header
    journal: Journal
    is_first: bool


def _open(connection: Connection, header: records.Header, *, now: float) -> _Opening:
    is_first = _ensure_owner(connection, header, now=now)
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
    }
    connection.execute(_INSERT_JOURNAL, row | {"header": msgspec.to_builtins(header)})
    if header.replaces:
        _end_replaced(connection, header.replaces, now=now)
    return _Opening(header, row | {"finish": None}, is_first)


def _resumed_step(header: records.Header) -> int | None:
    step = header.run.resumed_step if header.run is not None else None
    return None if step is None else int64(step)


def _end_replaced(connection: Connection, journal_id: str, *, now: float) -> None:
    """End a journal whose file was deleted while its process lived: nothing more of it can come."""
    end = {"state": "finished", "exit_code": None, "signal": None, "reason": "", "writer": "service", "time": now}
    connection.execute(update(_journal).where(_journal.c.id == journal_id).values(finish=end))


def _checked(journal_id: str, first: records.Record) -> records.Header:
    if not isinstance(first, records.Header):
        raise JournalError(
            f"the journal `{journal_id}` begins with a `{type(first).__name__}` record, not with a `Header`",
            hint="the file lacks its first record: its rows belong to no run",
        )
    owners = [owner.id for owner in (first.run, first.node) if owner is not None]
    if len(owners) != 1:
        raise JournalError(f"the header of `{journal_id}` names {len(owners)} owners, not one run or one node")
    if first.journal != journal_id:
        raise JournalError(f"the header of `{journal_id}` is of the journal `{first.journal[:ID_LENGTH]}`")
    for given in (journal_id, owners[0]):
        if not 0 < len(given) <= ID_LENGTH or "/" in given or "\x00" in given:
            raise JournalError(f"`{given[:ID_LENGTH]}` is no id: allowed are 1 to {ID_LENGTH} characters without `/`")
    return first


def _ensure_owner(connection: Connection, header: records.Header, *, now: float) -> bool:
    """Bring the run or the node up to what the header says, and return whether it is a run that is new."""
    if header.run is not None:
        return runs.ensure_run(connection, header, header.run, now=now)
    if header.node is not None:
        nodes.ensure_node(connection, header.node, created=usable_time(header.created, now))
    return False


def _write(
    connection: Connection,
    journal: Journal,
    batch: Batch,
    opening: _Opening | None,
    *,
    offset: int,
    damaged: int,
    now: float,
) -> str | None:
    """Write a batch and what the journal's row says of it; return the id of the run's trial.

    The owner's row is locked first and to the end.
    """
    run_id, node_id = journal["run_id"], journal["node_id"]
    trial_id = None
    if run_id is None:
        nodes.seen(connection, node_id, at=batch.latest)
        for stall in batch.stalls:
            runs.note_stall(connection, stall, journal_id=journal["id"])
    else:
        written = None if opening is None else opening.header
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
    is_ended = batch.finish is not None
    samples = batch.samples.values() if run_id is None else ()
    blocks = [block for block in (*batch.blocks.values(), *samples) if block.keys]
    if blocks:
        rows = len(batch.rows) + sum(len(block.rows) for block in samples)
        is_full = write_buffer.add(connection, journal["id"], pack(blocks), rows=rows)
        is_ended = is_ended or is_full
    if is_ended:
        kind: OwnerKind = "node" if run_id is None else "run"
        write_buffer.sort(connection, journal["id"], kind=kind, owner_id=run_id or node_id)
    is_first = opening is not None and opening.is_first and batch.finish is None  # it runs, as its new row says
    if run_id is not None and not is_first and (batch.headers or batch.finish != journal["finish"]):
        runs.settle(connection, run_id)
    if trial_id is not None and journal["rank"] == 0 and batch.rows:
        sweeps.record_reports(connection, trial_id, batch.rows, now, writer=_writer(connection, journal))
    return trial_id


def _writer(connection: Connection, journal: Journal) -> Writer:
    """Return which attempt writes; the header is read only where there was an attempt before it."""
    if journal["attempt"] <= 1:
        return Writer(journal["attempt"])
    header = connection.execute(select(_journal.c.header).where(_journal.c.id == journal["id"])).scalar_one()
    run = msgspec.convert(header, records.Header).run
    return Writer(journal["attempt"], run.resumed_step if run is not None else None)


def _write_run(
    connection: Connection, journal: Journal, batch: Batch, headers: list[records.Header], *, now: float
) -> str | None:
    run_id, place = journal["run_id"], {"run_id": journal["run_id"], "journal_id": journal["id"]}
    for header in headers:
        if header.run is not None and header.run.id == run_id:
            runs.ensure_run(connection, header, header.run, now=now)
    trial_id = runs.apply(connection, run_id, batch)
    if batch.console:
        connection.execute(_INSERT_CONSOLE, [line | place for line in batch.console])
    if batch.media:
        connection.execute(_INSERT_MEDIA, [reference | place for reference in batch.media])
    for artifact in batch.artifacts:
        artifacts.note(connection, artifact, **place)
    return trial_id


def _commands(connection: Connection, journal: Journal | None, trial_id: str | None = None) -> list[Command]:
    """Return what the server wants of the journal's run: only a run of a trial is ever told anything."""
    if journal is None or journal["run_id"] is None:
        return []
    if trial_id is None:
        trial_id = connection.scalar(_SELECT_TRIAL, {"at_id": journal["run_id"]})
    return [] if trial_id is None else sweeps.commands_for_run(connection, trial_id, journal["run_id"])
