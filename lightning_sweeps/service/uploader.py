"""Uploads the journals of a node: complete records, starting at the committed offset, until the server has everything.

The server's committed offset is authoritative; it is requested after a restart and after a conflict. A journal file is
deleted when its process is dead, its end is written, and the server has its last byte and all of its blobs.
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
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.journal.closing import JournalEnd, SentPart, has_own_end, read_end
from lightning_sweeps.journal.reader import FilePart
from lightning_sweeps.journal.records import ArtifactRecord, Media
from lightning_sweeps.messages import Command, JournalOutcome
from lightning_sweeps.service.blob_uploads import BlobUploads
from lightning_sweeps.service.delivered_journals import DeliveredJournals
from lightning_sweeps.service.journal_index import IndexedJournal
from lightning_sweeps.service.rejected_journals import RejectedJournals
from lightning_sweeps.system.node import is_alive

logger = logging.getLogger("lightning_sweeps.service.uploader")

BATCH_BYTES = 16 * 1024 * 1024
"""Approximate limit of one request, over all journals."""
FIRST_INTERVAL_S = 0.5
LAST_INTERVAL_S = 2.0
INTERVAL_PER_JOURNAL_S = 0.1
"""Added to the upload interval for each further journal. A node with many ranks uploads less often, in larger
requests."""
TRIAL_INTERVAL_S = 0.02
"""Upload interval of a trial's main rank: the sweep's stopping rule and search wait for its values."""
REQUESTS_SHARE = 4
"""Such a journal also waits this many times the duration of the last request, so that a slow server gets fewer."""
TICK_S, TRIAL_TICK_S = 0.2, 0.02
"""How often to look whether a journal has grown: usually, and while there are journals of trials' main ranks."""
POLL_INTERVAL_S = 2.0
"""How often an empty part is sent for a journal that does not grow, to ask whether its run should stop."""
TRIES = 5
"""How often a part that the server refuses is sent before its journal is rejected."""
FIRST_RETRY_S = 1.0
"""How long to wait before the second try; each further wait is twice as long, up to `LAST_RETRY_S`."""
LAST_RETRY_S = 60.0
CLEAN_INTERVAL_S = 0.5
OK = 200
CONFLICT = 409
UNUSABLE = 422
"""Status of a refusal that concerns this journal alone, whatever else the server answers."""
BUSY = frozenset({401, 403, 426, 429, 503, 507})
"""Statuses that say nothing about the journals in a request. 507: the project has reached its quota of rows."""


@dataclass(slots=True)
class UploadProgress:
    """Progress of one journal. `committed` is None until the server has responded."""

    committed: int | None = None
    next_at: float = 0.0
    polled_at: float = 0.0
    ended_at: int = -1
    """Size of the journal when the server was told its end; -1 before that."""
    tries: int = 0
    """How often its next part was refused."""
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class DuePart:
    """The next part of a journal. It may be empty, to ask whether the run should stop."""

    journal: IndexedJournal
    progress: UploadProgress
    part: FilePart
    end: JournalEnd | None = None
    """How the journal ended, if its process is dead and did not write it, and this is the last part."""

    @property
    def message(self) -> SentPart:
        """The part as the server takes it."""
        return SentPart(self.journal.id, self.part.start, self.part.data, self.end)


@dataclass(slots=True)
class JournalUploader:
    """Uploads the journals of one node, several in one request. Use an instance in one thread only."""

    home: Home
    find: Callable[[], Mapping[str, IndexedJournal]]
    """Returns the journals of the node, by file name."""
    blobs: BlobUploads
    rejected: RejectedJournals
    delivered: DeliveredJournals
    _journals: Mapping[str, IndexedJournal] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)
    _progress: dict[str, UploadProgress] = field(default_factory=dict)
    _cleaned_at: float = 0.0
    _request_s: float = 0.0
    """Duration of the last request."""

    def tick_s(self) -> float:
        """Return the time until the next look at the journals, in seconds."""
        return TRIAL_TICK_S if any(map(_is_main_rank_of_trial, self._journals.values())) else TICK_S

    def upload(self, client: Client, *, is_urgent: bool = False) -> bool:
        """Upload every due part; return whether there was one, or a journal was added or removed.

        Args:
            client: a client of the server.
            is_urgent: whether every journal is due that has grown.

        Raises:
            ServerError: the upload stopped; call again later.
        """
        found = self.find()
        self._deleted &= found.keys()
        self._journals = {name: journal for name, journal in found.items() if name not in self._deleted}
        is_changed = self._progress.keys() != self._journals.keys()
        for name in self._progress.keys() - self._journals.keys():
            del self._progress[name]
        if is_urgent:
            self._make_due()
        while batch := self._due(client):
            began = time.monotonic()
            outcomes = _send(client, batch)
            self._request_s = time.monotonic() - began
            for due, outcome in zip(batch, outcomes, strict=True):
                self._note(due, outcome)
            is_changed = True
        if time.monotonic() - self._cleaned_at >= CLEAN_INTERVAL_S:
            self._cleaned_at = time.monotonic()
            self._delete_complete()
            self.delivered.clean_up()
            self.rejected.refresh()
        self.rejected.tell(client)
        return is_changed

    def _make_due(self) -> None:
        """Make every journal due, except those that the server has rejected."""
        now = time.monotonic()
        for progress in self._progress.values():
            if progress.next_at <= now + LAST_INTERVAL_S:
                progress.next_at = now

    def _due(self, client: Client) -> list[DuePart]:
        """Return the next parts of the journals that are due, for one request."""
        batch: list[DuePart] = []
        size = 0
        for name, journal in self._journals.items():
            progress = self._progress.setdefault(name, UploadProgress())
            if journal.id in self.rejected.ids:
                progress.tries = 0  # it has as many again when somebody asks for another try
            elif size < BATCH_BYTES and time.monotonic() >= progress.next_at:
                due = self._next_or_none(client, journal, progress)
                if due is not None:
                    batch.append(due)
                    size += len(due.part.data)
        return batch

    def _next_or_none(self, client: Client, journal: IndexedJournal, progress: UploadProgress) -> DuePart | None:
        """Return the next part of a journal, or None if it has no more, or if this journal alone has a problem."""
        try:
            return self._next(client, journal, progress)
        except FileNotFoundError:
            logger.error("the journal `%s` was deleted before it was uploaded", journal.path)
        except OSError as error:
            self._note_refusal(journal, progress, f"the file cannot be read: {error}")
        except ServerRefused as error:
            if error.status != UNUSABLE:
                raise
            self._note_refusal(journal, progress, str(error))
        return None

    def _next(self, client: Client, journal: IndexedJournal, progress: UploadProgress) -> DuePart | None:
        if progress.committed is None:
            progress.committed = client.journal_offset(journal.id)
            if journal.header.run is not None and progress.committed == 0:
                self.home.stop(journal.header.run.id).unlink(missing_ok=True)  # left by an earlier attempt of the run
            if progress.committed:  # an earlier service may not have uploaded the blobs of those rows
                self.blobs.note(journal.id)
        now = time.monotonic()
        end = read_end(journal.path)
        is_end_due = end is not None and progress.ended_at != end.size_bytes
        is_polled = is_end_due or now - progress.polled_at >= POLL_INTERVAL_S
        if not is_polled and journal.path.stat().st_size == progress.committed:
            progress.next_at = now + (0.0 if _is_main_rank_of_trial(journal) else self._interval_s(journal))
            return None
        part = next_part(journal.path, progress.committed)
        if is_end_due and end is not None and (not part.data or part.end == end.size_bytes):
            return DuePart(journal, progress, part, end)
        if part.data or is_polled:
            return DuePart(journal, progress, part)
        progress.next_at = now + self._interval_s(journal)
        return None

    def _interval_s(self, journal: IndexedJournal) -> float:
        """Return the time from one upload of a journal to the next, in seconds."""
        if _is_main_rank_of_trial(journal):
            return min(max(TRIAL_INTERVAL_S, REQUESTS_SHARE * self._request_s), LAST_INTERVAL_S)
        return min(FIRST_INTERVAL_S + INTERVAL_PER_JOURNAL_S * (len(self._journals) - 1), LAST_INTERVAL_S)

    def _note(self, due: DuePart, outcome: JournalOutcome) -> None:
        progress = due.progress
        now = time.monotonic()
        progress.polled_at = now
        if outcome.status in (OK, CONFLICT):
            progress.committed = outcome.offset
            progress.tries = 0
            if any(isinstance(record, Media | ArtifactRecord) for record in due.part.records):
                self.blobs.note(due.journal.id)
            # if it is not complete, the part may end inside a record, and the server waits for the rest
            is_complete = outcome.offset >= due.part.end
            if due.end is not None and outcome.status == OK and is_complete:
                progress.ended_at = due.end.size_bytes
            is_pause_due = is_complete or outcome.offset <= due.part.start
            progress.next_at = now + (self._interval_s(due.journal) if is_pause_due else 0.0)
            self._carry_out(outcome.commands, due)
            return
        self._note_refusal(due.journal, progress, outcome.problem, is_busy=outcome.status in BUSY)

    def _note_refusal(
        self, journal: IndexedJournal, progress: UploadProgress, problem: str, *, is_busy: bool = False
    ) -> None:
        """Wait before this journal is tried again, and reject it after `TRIES` refusals that are about it."""
        wait_s = min(FIRST_RETRY_S * 2**progress.tries, LAST_RETRY_S)
        progress.next_at = time.monotonic() + wait_s
        progress.tries += 1
        if progress.tries < TRIES or is_busy:
            logger.warning("journal %s waits %.0f s: %s", journal.id, wait_s, problem)
            return
        run = journal.header.run
        self.rejected.put(journal.path, run_id=run.id if run is not None else None, reason=problem)

    def pending_bytes(self) -> int:
        """Return the number of bytes in journals that the server has not confirmed."""
        total = 0
        for name, journal in self._journals.items():
            if journal.id in self.rejected.ids:
                continue
            known = self._progress.get(name)
            try:
                size = journal.path.stat().st_size
                if known is None or known.ended_at != size:  # after the end, only a torn record may be left
                    total += size - ((known.committed or 0) if known else 0)
            except OSError:
                continue
        return total

    def committed(self) -> dict[str, int]:
        """Return the number of bytes that the server has, by journal id."""
        return {
            journal.id: known.committed
            for name, journal in self._journals.items()
            if (known := self._progress.get(name)) is not None and known.committed is not None
        }

    def _delete_complete(self) -> None:
        """Put the journals of dead processes away that have a final record and that the server has completely."""
        for name, journal in self._journals.items():
            progress = self._progress[name]
            try:
                size = journal.path.stat().st_size
                is_whole = size in (progress.ended_at, progress.committed)
                if not is_whole or not self.blobs.is_done(journal.id) or _is_alive(journal):
                    continue
                if progress.ended_at == size or has_own_end(journal.path):
                    self.delivered.keep(journal.path, committed=progress.committed or 0)
                    self._deleted.add(name)
                    self.rejected.forget(journal.id)
                    self.home.stacks(journal.owner.pid, journal.owner.started).unlink(missing_ok=True)
                    if journal.header.run is not None:
                        self.home.stop(journal.header.run.id).unlink(missing_ok=True)
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    logger.warning("cannot delete `%s`: %s", journal.path, error)

    def _carry_out(self, commands: list[Command], due: DuePart) -> None:
        """Write stop files. A server may stop only the run that it was sent."""
        run, progress = due.journal.header.run, due.progress
        for command in commands:
            if run is not None and command.target == run.id and command.reason != progress.stop_reason:
                progress.stop_reason = command.reason
                write_whole(self.home.stop(run.id), msgspec.json.encode({"reason": command.reason}))


def _send(client: Client, batch: list[DuePart]) -> list[JournalOutcome]:
    """Send parts in one request. If it is refused as a whole, send each alone, to find out which one is refused.

    Raises:
        ServerError: the server does not answer, or it accepts none of the parts.
    """
    try:
        return client.send_journals([due.message for due in batch])
    except ServerRefused as refusal:
        if len(batch) == 1 or refusal.status in BUSY:
            raise
        outcomes = [_send_alone(client, due) for due in batch]
        if all(outcome.status != OK for outcome in outcomes):
            raise
        return outcomes


def _send_alone(client: Client, due: DuePart) -> JournalOutcome:
    try:
        return client.send_journals([due.message])[0]
    except ServerRefused as refusal:
        return JournalOutcome(due.journal.id, due.part.start, status=refusal.status, problem=refusal.message)


def _is_alive(journal: IndexedJournal) -> bool:
    return not journal.is_orphan and is_alive(journal.owner.pid, journal.owner.started)


def _is_main_rank_of_trial(journal: IndexedJournal) -> bool:
    run = journal.header.run
    return run is not None and run.trial is not None and run.rank == 0
