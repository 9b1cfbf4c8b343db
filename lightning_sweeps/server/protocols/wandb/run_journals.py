"""Stores what clients send as journals, so that rows are stored exactly once, as those of our own clients.

Each file that a client streams is one journal of the run, for each attempt: the number of a line in its file, which the
client sends with it, is the line's place in the journal. A line takes `POSITIONS` places, because it may be several
records. A repeated line is skipped, and one that comes too early is refused, by the store itself.

Attempts count the processes that wrote the run. The history's journal decides the state of its attempt; the others
are children of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import OffsetConflict
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import Closing, JournalEnd
from lightning_sweeps.journal.format import JournalEntry
from lightning_sweeps.server import journal_parts
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.store import clock, ingest, schema
from lightning_sweeps.store.ingest import JournalPart
from lightning_sweeps.system.node import Process

Stream: TypeAlias = Literal["history", "output", "events", "notes"]
"""The files of a client; `notes` is what it says apart from them: configuration, summary, labels."""

POSITIONS = 1 << 16
"""How many places in a journal a line takes, and so how many records it can be."""

_journal = schema.journal


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a run, and the process that makes it."""

    info: records.RunInfo
    process: Process
    created: float

    def journal_id(self, stream: Stream, number: int | None = None) -> str:
        """Return the id of a journal of this attempt, or of the one with a number."""
        return derive_id("wandb", self.info.id, stream, self.info.attempt if number is None else number)

    def journals(self, stream: Stream) -> list[str]:
        """Return the ids of a file's journals, of this attempt and those before it, the newest first."""
        return [self.journal_id(stream, number) for number in range(self.info.attempt, -1, -1)]

    def next(self) -> Attempt:
        """Return the attempt that follows."""
        return replace(self, info=msgspec.structs.replace(self.info, attempt=self.info.attempt + 1))

    def header(self, stream: Stream) -> records.Header:
        """Return the first record of a journal."""
        journal_id, parent = self.journal_id(stream), self.journal_id("history")
        if stream == "events":
            node = records.NodeInfo(self.process.node, self.process.host)
            return records.Header(journal_id, self.created, self.process, node=node)
        return records.Header(
            journal_id, self.created, self.process, run=self.info, parent="" if stream == "history" else parent
        )


def lines_of(caller: Caller, attempt: Attempt, stream: Stream) -> int:
    """Return how many lines of a file are stored, of the latest attempt that sent it."""
    ids = attempt.journals(stream)
    query = select(_journal.c.id, _journal.c.offset).where(_journal.c.id.in_(ids))
    with caller.store.read() as connection:
        known = {row.id: row.offset for row in connection.execute(query)}
    return next((known[one] // POSITIONS - 1 for one in ids if one in known), 0)


def begin(caller: Caller, attempt: Attempt, *, line: int = 0) -> None:
    """Create an attempt, and its run if it is new. Its history begins with line number `line`."""
    _take(caller, JournalPart(attempt.journal_id("history"), 0, [_header(attempt, "history", line)], []))


def store_lines(
    caller: Caller,
    attempt: Attempt,
    stream: Stream,
    first: int,
    lines: Sequence[Sequence[records.Record]],
    *,
    is_repeated: Callable[[], bool],
) -> None:
    """Store the records of the lines of a file, from line number `first` on. Lines that are stored are skipped.

    Args:
        caller: who sends them.
        attempt: the attempt that they belong to.
        stream: the file.
        first: number of the first line.
        lines: the records of each line.
        is_repeated: returns whether line 0 is stored already. It is asked if an earlier attempt has sent the file.

    Raises:
        OffsetConflict: lines before `first` are missing.
        QuotaExceeded: the project accepts no more rows.
    """
    journal_id = attempt.journal_id(stream)
    entries = [entry for number, of_line in enumerate(lines, first) for entry in _entries(of_line, number)]
    with caller.store.read() as connection:
        committed = ingest.committed_offset(connection, journal_id)
    if committed:
        _take(caller, JournalPart(journal_id, _place(first), entries, []))
        return
    known = lines_of(caller, attempt, stream)
    if first not in (0, known):
        raise OffsetConflict(_place(known))
    start = known if first == 0 and known and is_repeated() else first
    new = [entry for entry in entries if entry.start >= _place(start)]
    _take(caller, JournalPart(journal_id, 0, [_header(attempt, stream, start), *new], []))


def store_notes(caller: Caller, attempt: Attempt, notes: Iterable[records.Record]) -> None:
    """Store what a client says about its run. The last word holds, so it may be repeated."""
    journal_id = attempt.journal_id("notes")
    with caller.store.write() as connection:
        ingest.lock_journals(connection, [journal_id])
        committed = ingest.committed_offset(connection, journal_id)
        entries = [] if committed else [_header(attempt, "notes", 0)]
        start = committed or _place(0)
        entries += [_note(note, start + at) for at, note in enumerate(notes)]
        part = JournalPart(journal_id, committed, entries, [])
        now = clock.now(connection)
        taken = journal_parts.commit(connection, caller.store.series, part, caller.sender, now=now)
    caller.changed_sweeps.add(taken.changed_sweep)


def heard(caller: Caller, attempt: Attempt) -> None:
    """Note that the client of an attempt is alive."""
    journal_id = attempt.journal_id("history")
    with caller.store.read() as connection:
        committed = ingest.committed_offset(connection, journal_id)
    _take(caller, JournalPart(journal_id, committed, [], []))


def finish(caller: Caller, attempt: Attempt, closing: Closing) -> None:
    """End an attempt."""
    journal_id = attempt.journal_id("history")
    with caller.store.read() as connection:
        committed, now = ingest.committed_offset(connection, journal_id), clock.now(connection)
    _take(caller, JournalPart(journal_id, committed, [], [], JournalEnd(committed, now, closing)))


def _take(caller: Caller, part: JournalPart) -> None:
    caller.changed_sweeps.add(journal_parts.take_part(caller.store, part, caller.sender).changed_sweep)


def _header(attempt: Attempt, stream: Stream, line: int) -> JournalEntry:
    """Return the header of a journal. It takes the place of the lines before its first one."""
    return JournalEntry(attempt.header(stream), 0, _place(line))


def _note(said: records.Record, place: int) -> JournalEntry:
    """Return a record at a place, which is also its sequence number."""
    numbered = said if isinstance(said, records.Header) else msgspec.structs.replace(said, sequence=place)
    return JournalEntry(numbered, place, place + 1)


def _entries(of_line: Sequence[records.Record], number: int) -> list[JournalEntry]:
    """Return the records of a line at their places. The last one reaches to the next line."""
    start = _place(number)
    ends = [*range(start + 1, start + len(of_line)), _place(number + 1)]
    return [JournalEntry(one, *place) for one, *place in zip(of_line, [start, *ends], ends, strict=False)]


def _place(line: int) -> int:
    return (line + 1) * POSITIONS
