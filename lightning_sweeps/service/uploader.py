"""Shipping journals to the server: whole records, from the committed offset on, until the server has everything.

The server's committed offset is the only truth; after a restart or a doubt it is asked for. A journal file is deleted
when its owner is dead, its end is written, and the server has its last byte and all that its rows name: never before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.client.upload_journals import next_part
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.journal.closing import is_closed
from lightning_sweeps.journal.reader import Part
from lightning_sweeps.journal.records import Artifact, Media
from lightning_sweeps.messages import Command, JournalOutcome
from lightning_sweeps.service.blob_uploads import ContentShipping
from lightning_sweeps.service.journal_index import Journal
from lightning_sweeps.system.node import is_alive

logger = logging.getLogger("lightning_sweeps.service")

BATCH_BYTES = 16 * 1024 * 1024
"""A request carries no more than about this much of all journals together."""
FIRST_INTERVAL_S = 0.5
LAST_INTERVAL_S = 2.0
INTERVAL_PER_JOURNAL_S = 0.1
"""How far the server may be behind training: a node with many ranks sends them together, and less often."""
ASK_INTERVAL_S = 2.0
"""A journal that does not grow asks this often whether its run is to stop."""
ASIDE_S = 60.0
"""A journal that the server refuses waits this long."""
CLEAN_INTERVAL_S = 0.5
CONFLICT = 409


@dataclass(slots=True)
class Progress:
    """How far one journal is: `committed` is None until the server was asked."""

    committed: int | None = None
    next_at: float = 0.0
    asked_at: float = 0.0
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A journal's next part, which may be empty: a question whether its run is to stop."""

    journal: Journal
    progress: Progress
    part: Part


@dataclass(slots=True)
class Shipper:
    """Ships the journals of one node, many in one request; one instance, one thread."""

    home: Home
    find: Callable[[], Mapping[str, Journal]]
    """Returns the journals that there are, by file name."""
    contents: ContentShipping
    _journals: Mapping[str, Journal] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)
    _progress: dict[str, Progress] = field(default_factory=dict)
    _cleaned_at: float = 0.0

    def ship(self, client: Client) -> bool:
        """Ship what is due until nothing is; return whether anything was, or any journal has come or gone.

        Raises:
            ServerError: nothing more can be shipped now; ask again later.
        """
        found = self.find()
        self._deleted &= found.keys()
        self._journals = {name: journal for name, journal in found.items() if name not in self._deleted}
        is_changed = self._progress.keys() != self._journals.keys()
        for gone in self._progress.keys() - self._journals.keys():
            del self._progress[gone]
        while batch := self._due(client):
            outcomes = client.send_journals([(due.journal.id, due.part.start, due.part.data) for due in batch])
            for due, outcome in zip(batch, outcomes, strict=True):
                self._note(due, outcome)
            is_changed = True
        if time.monotonic() - self._cleaned_at >= CLEAN_INTERVAL_S:
            self._cleaned_at = time.monotonic()
            self._delete_complete()
        return is_changed

    def _due(self, client: Client) -> list[Due]:
        """Return the next part of every journal that is due, as many as one request may carry."""
        batch: list[Due] = []
        size = 0
        for name, journal in self._journals.items():
            progress = self._progress.setdefault(name, Progress())
            if size < BATCH_BYTES and time.monotonic() >= progress.next_at:
                due = self._next(client, journal, progress)
                if due is not None:
                    batch.append(due)
                    size += len(due.part.data)
        return batch

    def _next(self, client: Client, journal: Journal, progress: Progress) -> Due | None:
        if progress.committed is None:
            progress.committed = client.journal_offset(journal.id)
            if journal.header.run is not None and progress.committed == 0:
                self.home.stop(journal.header.run.id).unlink(missing_ok=True)  # of an attempt before this one
            if progress.committed:  # by a service before this one, which may not have sent what those rows name
                self.contents.note(journal.id)
        try:
            part = next_part(journal.path, progress.committed)
        except FileNotFoundError:
            logger.error("journal `%s` is gone before it was shipped", journal.path)
            return None
        now = time.monotonic()
        if part.data:
            return Due(journal, progress, part)
        progress.next_at = now + self._interval_s()
        if now - progress.asked_at >= ASK_INTERVAL_S:
            return Due(journal, progress, part)
        return None

    def _interval_s(self) -> float:
        return min(FIRST_INTERVAL_S + INTERVAL_PER_JOURNAL_S * (len(self._journals) - 1), LAST_INTERVAL_S)

    def _note(self, due: Due, outcome: JournalOutcome) -> None:
        progress = due.progress
        now = time.monotonic()
        progress.asked_at = now
        if outcome.status in (200, CONFLICT):
            progress.committed = outcome.offset
            if any(isinstance(record, Media | Artifact) for record in due.part.records):
                self.contents.note(due.journal.id)
            is_whole = outcome.offset >= due.part.end  # the server waits for the rest of what may be a record: so do we
            progress.next_at = now + self._interval_s() if is_whole or outcome.offset <= due.part.start else now
            self._obey(outcome.commands, progress)
            return
        logger.error("journal %s is refused: %s; tried again in %d s", due.journal.id, outcome.problem, ASIDE_S)
        progress.next_at = now + ASIDE_S

    def pending_bytes(self) -> int:
        """Return how many bytes lie in journals that the server has not confirmed."""
        total = 0
        for name, journal in self._journals.items():
            known = self._progress.get(name)
            try:
                total += journal.path.stat().st_size - ((known.committed or 0) if known else 0)
            except FileNotFoundError:
                continue
        return total

    def committed(self) -> dict[str, int]:
        """Return, by journal id, how many bytes the server has."""
        return {
            journal.id: known.committed
            for name, journal in self._journals.items()
            if (known := self._progress.get(name)) is not None and known.committed is not None
        }

    def _delete_complete(self) -> None:
        """Take away the journals of dead processes that have an end and that the server has to the last byte."""
        for name, journal in self._journals.items():
            committed = self._progress[name].committed
            try:
                if committed != journal.path.stat().st_size or not self.contents.is_done(journal.id):
                    continue
                is_over = not is_alive(journal.owner.pid, journal.owner.started)
                if is_over and is_closed(journal.path):
                    journal.path.unlink()
                    self._deleted.add(name)
                    self.home.stacks(journal.owner.pid, journal.owner.started).unlink(missing_ok=True)
                    if journal.header.run is not None:
                        self.home.stop(journal.header.run.id).unlink(missing_ok=True)
            except FileNotFoundError:
                continue

    def _obey(self, commands: list[Command], progress: Progress) -> None:
        for command in commands:
            if command.reason != progress.stop_reason:
                progress.stop_reason = command.reason
                write_whole(self.home.stop(command.target), msgspec.json.encode({"reason": command.reason}))
