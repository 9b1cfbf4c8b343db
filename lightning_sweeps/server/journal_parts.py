"""Stores parts of journals: one that the database refuses stops neither the others nor its journal.

Small parts of a request share a transaction, which saves a quarter of the CPU time. If it fails, each is stored on its
own. If a part cannot be stored as a whole, its halves are tried, and their halves, until the records that cannot be
stored are alone. They are rejected with the reason (`store/rejections.py`), and the rest is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy import Connection, select

from lightning_sweeps.engine import reports
from lightning_sweeps.errors import Forbidden, JournalError, OffsetConflict, QuotaExceeded
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import JournalEnd, SentPart
from lightning_sweeps.journal.format import PREAMBLE, Damage, JournalEntry, check_preamble, decode
from lightning_sweeps.messages import IngestReply, JournalOutcome, RetryResult
from lightning_sweeps.store import clock, ingest, rejections, runs
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.failures import cause_of, describe, is_rolled_back
from lightning_sweeps.store.ingest import JournalPart
from lightning_sweeps.store.project_access import Projects, check_run, projects_of
from lightning_sweeps.store.series.storage import SeriesStorage

MAX_TOGETHER, MAX_TOGETHER_BYTES = 16, 64 * 1024
"""Number of parts that share a transaction, and their size. Others wait for the transaction."""

TRIES = 3
"""How often a transaction is tried that another one stopped, for example by a deadlock."""
RETRIES_AT_ONCE = 100
MOST_REJECTED = 20
"""Records that one request rejects. The sender continues with the next request, so each has a bounded time."""

_log = logging.getLogger(__name__)


def parse(journal_id: str, offset: int, body: bytes, *, committed: int, end: JournalEnd | None = None) -> JournalPart:
    """Decode the records of a part of a journal.

    Args:
        journal_id: the journal's id.
        offset: byte offset in the file at which `body` begins.
        body: bytes of the file.
        committed: byte offset up to which records are skipped.
        end: how the journal ended, if others know it.

    Raises:
        JournalError: the file does not begin with a journal's preamble.
    """
    start = max(0, committed - offset)
    if offset == 0 and committed == 0:
        if len(body) < len(PREAMBLE) and PREAMBLE.startswith(body):
            return JournalPart(journal_id, offset, [], [], end)
        check_preamble(body)
        start = len(PREAMBLE)
    entries: list[JournalEntry] = []
    damaged: list[int] = []
    for found in decode(body, start, file_offset=offset):
        if isinstance(found, Damage):
            damaged.append(found.start)
        else:
            entries.append(found)
    return JournalPart(journal_id, offset, entries, damaged, end)


@dataclass(frozen=True, slots=True)
class TakenPart:
    """A part of a journal after it was stored: the reply for the sender, and the sweep that changed by it, if any."""

    reply: IngestReply
    changed_sweep: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends journals.

    Attributes:
        key_name: name of the API key.
        projects: the projects that it is limited to; None: all.
        over_quota: by name, why a project accepts no more rows.
    """

    key_name: str | None = None
    projects: Projects = None
    over_quota: Mapping[str, str] = field(default_factory=dict)


T = TypeVar("T")

UNLIMITED = Sender()


def take(store: Store, sent: SentPart, sender: Sender = UNLIMITED) -> TakenPart:
    """Store a part of a journal and apply it to its trial.

    Args:
        store: the database.
        sent: the part.
        sender: who sends it.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        QuotaExceeded: the project accepts no more rows. What comes before the part's first new row is stored.
        JournalError: the bytes are not the beginning of a journal.
        Forbidden: the journal is of another project.
        Exception: the database does not respond, or it refuses the journal's header.
    """
    return take_part(store, _parsed(sent), sender)


def _parsed(sent: SentPart) -> JournalPart:
    """Return all records of a part. `ingest` skips those that are committed already."""
    return parse(sent.journal, sent.offset, sent.data, committed=sent.offset, end=sent.end)


def take_part(store: Store, part: JournalPart, sender: Sender = UNLIMITED) -> TakenPart:
    """Store the records of a part of a journal and apply them to its trial.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        QuotaExceeded: the project accepts no more rows. What comes before the part's first new row is stored.
        JournalError: the journal does not begin with a valid header.
        Forbidden: the journal is of another project.
        Exception: the database does not respond, or it refuses the journal's header.
    """
    limited = _limited(store, part, sender.over_quota) if sender.over_quota else None
    if limited is not None:
        _take(store, limited.part, sender)
        with store.write() as connection:
            runs.note_waiting(connection, part.journal_id, limited.reason)
        raise QuotaExceeded(limited.reason)
    return _take(store, part, sender)


def _take(store: Store, part: JournalPart, sender: Sender) -> TakenPart:
    try:
        return _commit_whole(store, part, sender)
    except (OffsetConflict, JournalError, Forbidden):
        raise
    except Exception as error:
        if cause_of(error) != "rows":
            raise
    return _commit_piecewise(store, part, sender)


@dataclass(frozen=True, slots=True)
class _LimitedPart:
    """What is stored of a part of a project that is over its quota of rows, and why the rest is not."""

    part: JournalPart
    reason: str


def _limited(store: Store, part: JournalPart, over_quota: Mapping[str, str]) -> _LimitedPart | None:
    """Return what may be stored of a part; None: all of it."""
    with store.read() as connection:
        committed = ingest.committed_offset(connection, part.journal_id)
        project = next(iter(projects_of(connection, "journal", [part.journal_id])), None)
    rows = (at for at, entry in enumerate(part.entries) if isinstance(entry.record, records.Metrics))
    first = next((at for at in rows if part.entries[at].start >= committed), None)
    if project is None and part.entries and isinstance(header := part.entries[0].record, records.Header):
        project = header.run.project if header.run is not None else None
    if first is None or project is None or project not in over_quota:
        return None
    start = part.entries[first].start
    before = [at for at in part.damaged if at < start]
    return _LimitedPart(replace(part, entries=part.entries[:first], damaged=before, end=None), over_quota[project])


def take_all(
    store: Store, parts: Sequence[SentPart], sender: Sender = UNLIMITED
) -> tuple[list[JournalOutcome], set[str | None]]:
    """Store parts of several journals, and return one outcome for each, and the sweeps that changed.

    Raises:
        Exception: the database does not respond.
    """
    changed_sweeps: set[str | None] = set()
    outcomes: list[JournalOutcome] = []
    for group in _groups(parts):
        taken = _take_together(store, group, sender)
        if taken is None:
            outcomes += [_take_one(store, part, changed_sweeps, sender) for part in group]
        else:
            outcomes += [_outcome(sent, part) for sent, part in zip(group, taken, strict=True)]
            changed_sweeps |= {part.changed_sweep for part in taken}
    return outcomes, changed_sweeps


def _groups(parts: Sequence[SentPart]) -> Iterator[list[SentPart]]:
    """Yield consecutive parts that share a transaction. A long part is alone."""
    group: list[SentPart] = []
    for part in parts:
        size_bytes = len(part.data) + sum(len(other.data) for other in group)
        if group and (len(group) == MAX_TOGETHER or size_bytes > MAX_TOGETHER_BYTES):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _take_together(store: Store, group: Sequence[SentPart], sender: Sender) -> list[TakenPart] | None:
    """Store some parts in one transaction; None if each must be stored on its own, which says what is wrong with it."""
    if len(group) == 1 or sender.over_quota:
        return None
    in_order = sorted(range(len(group)), key=lambda at: group[at].journal)  # so that requests do not block one another
    taken: dict[int, TakenPart] = {}
    try:
        parsed = [_parsed(part) for part in group]
        with store.write() as connection:
            now = clock.now(connection)
            for at in in_order:
                taken[at] = commit(connection, store.series, parsed[at], sender, now=now)
    except Exception as error:
        _log.debug("%d parts of journals are stored one by one: %s", len(group), describe(error))
        return None
    return [taken[at] for at in range(len(group))]


def commit(
    connection: Connection, series: SeriesStorage, part: JournalPart, sender: Sender = UNLIMITED, *, now: float
) -> TakenPart:
    """Store a part of a journal, and pass its new rows to the engine.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        JournalError: the journal does not begin with a valid header.
        Forbidden: its run or its trial is of another project. Roll back the transaction.
    """
    stored = ingest.commit(connection, series, part, now=now, by=sender.key_name)
    check_run(connection, sender.projects, stored.run_id)
    applied = reports.apply_stored_part(connection, stored, now=now)
    return TakenPart(IngestReply(stored.committed_offset, applied.commands), applied.changed_sweep)


def retry(store: Store) -> RetryResult:
    """Try to store the records that were rejected. Values of a sweep's metric in them are not judged any more."""
    stored = last = 0
    while True:
        with store.read() as connection:
            records = rejections.list_retryable(connection, after=last, limit=RETRIES_AT_ONCE)
        if not records:
            break
        stored += sum(_try_again(store, record) for record in records)
        last = records[-1].id
    with store.read() as connection:
        return RetryResult(stored, rejections.list_all(connection).record_count)


def _try_again(store: Store, record: rejections.StoredRecord) -> bool:
    try:
        with store.write() as connection:
            ingest.commit_again(connection, store.series, record, now=clock.now(connection))
            rejections.remove(connection, record)
    except Exception as error:
        if cause_of(error) != "rows":
            raise
        _log.warning("a record of the journal `%s` still cannot be stored: %s", record.journal_id, describe(error))
        return False
    return True


def _take_one(store: Store, part: SentPart, changed_sweeps: set[str | None], sender: Sender) -> JournalOutcome:
    journal_id = part.journal
    try:
        taken = take(store, part, sender)
        changed_sweeps.add(taken.changed_sweep)
    except OffsetConflict as conflict:
        return JournalOutcome(journal_id, conflict.committed, status=conflict.status)
    except JournalError as error:
        return JournalOutcome(journal_id, 0, status=422, problem=error.message)
    except (Forbidden, QuotaExceeded) as error:
        return JournalOutcome(journal_id, 0, status=error.status, problem=error.message)
    except Exception as error:
        cause = cause_of(error)
        if cause == "away" and not _responds(store):
            raise
        _log.exception("cannot store a part of the journal `%s`", journal_id)
        return JournalOutcome(journal_id, 0, status=500 if cause == "rows" else 503, problem=describe(error))
    return _outcome(part, taken)


def _outcome(sent: SentPart, taken: TakenPart) -> JournalOutcome:
    return JournalOutcome(sent.journal, taken.reply.offset, taken.reply.commands)


def _responds(store: Store) -> bool:
    """Return whether the database still responds. If it does, only the one journal has lost its connection."""
    try:
        with store.write() as connection:
            connection.execute(select(1))
    except Exception as error:
        _log.warning("the database does not respond: %s", describe(error))
        return False
    return True


def write(store: Store, work: Callable[[Connection], T]) -> T:
    """Do some work in one transaction, which is tried again if another one stopped it."""
    for tries_left in reversed(range(TRIES)):
        try:
            with store.write() as connection:
                return work(connection)
        except Exception as error:
            if not tries_left or not is_rolled_back(error):
                raise
    raise AssertionError("the last try returns or raises")


def _commit_whole(store: Store, part: JournalPart, sender: Sender) -> TakenPart:
    def work(connection: Connection) -> TakenPart:
        return commit(connection, store.series, part, sender, now=clock.now(connection))

    return write(store, work)


def _commit_piecewise(store: Store, part: JournalPart, sender: Sender) -> TakenPart:
    """Store what can be stored of a part that was refused as a whole, and reject the rest.

    Raises:
        Exception: the journal's header is refused, or the database does not respond.
    """
    waiting = _halves(part)
    taken = TakenPart(IngestReply(part.offset))
    changed_sweep = None
    refused = 0
    while waiting and refused < MOST_REJECTED:
        piece = waiting.pop()
        try:
            taken = _commit_whole(store, piece, sender)
            changed_sweep = taken.changed_sweep or changed_sweep
        except Exception as error:
            if cause_of(error) != "rows":
                raise
            if len(piece.entries) > 1:
                waiting += _halves(piece)
            else:
                taken = TakenPart(_reject(store, piece, error))
                refused += 1
                if piece.end is not None:
                    waiting.append(replace(piece, offset=taken.reply.offset, entries=[], damaged=[]))
    return replace(taken, changed_sweep=changed_sweep)


def _halves(part: JournalPart) -> list[JournalPart]:
    """Return both halves of a part, the second one first; a part of one record is not divided."""
    if len(part.entries) < 2:
        return [part]
    middle = len(part.entries) // 2
    offset = part.entries[middle - 1].end
    before = [start for start in part.damaged if start < offset]
    after = [start for start in part.damaged if start >= offset]
    return [
        replace(part, offset=offset, entries=part.entries[middle:], damaged=after),
        replace(part, entries=part.entries[:middle], damaged=before, end=None),
    ]


def _reject(store: Store, part: JournalPart, error: Exception) -> IngestReply:
    """Reject the only record of a part and continue behind it.

    Raises:
        Exception: `error`, if the record is the header of a journal that the store does not know.
    """
    entry = part.entries[0]
    with store.write() as connection:
        journal = rejections.lock_journal(connection, part.journal_id)
        if journal is None:
            raise error
        if entry.start < journal.offset:  # another request has stored it
            return IngestReply(journal.offset)
        reason = f"the database refuses it: {describe(error)}"
        _log.error("journal `%s`, bytes %d to %d rejected: %s", part.journal_id, entry.start, entry.end, reason)
        record = rejections.UnstoredRecord(entry, reason)
        rejections.add(connection, journal.id, journal.run_id, [record], now=clock.now(connection))
        rejections.skip_to(connection, journal.id, entry.end)
    return IngestReply(entry.end)
