"""The service's main loop: watches ranks, closes the runs of dead ones, samples the node, and exits when idle."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec

from lightning_sweeps.core import protocol
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.journal.closing import (
    ExitStatus,
    closing_of,
    closing_of_silent,
    is_closed,
    last_finish,
    write_closing,
)
from lightning_sweeps.journal.records import Finish, ProcessSample, RunInfo, Stall
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.service.blob_uploads import BlobUploads
from lightning_sweeps.service.delivered_journals import DeliveredJournals
from lightning_sweeps.service.exits import ExitWatch, LoggingProcess
from lightning_sweeps.service.guard import TrialGuard
from lightning_sweeps.service.journal_index import IndexedJournal, JournalIndex
from lightning_sweeps.service.orphans import OrphanWatch
from lightning_sweeps.service.processes import ProcessSampler
from lightning_sweeps.service.rejected_journals import RejectedJournals
from lightning_sweeps.service.sampler import NodeSampler, describe_node
from lightning_sweeps.service.stalls import StalledRank, StallWatch
from lightning_sweeps.service.upload_thread import UploadThread
from lightning_sweeps.service.uploader import JournalUploader
from lightning_sweeps.system import service_wakeup
from lightning_sweeps.system.gpus import sample_gpus
from lightning_sweeps.system.home_cleanup import HomeCleanup
from lightning_sweeps.system.memory_kills import OutOfMemoryKills
from lightning_sweeps.system.node import node_id

logger = logging.getLogger("lightning_sweeps.service")

TICK_S = 0.1
"""If a process ends within this time after it opened its first journal, its end may be missed."""
FAILED_TICK_S = 1.0
STATE_INTERVAL_S = 2.0
CHANGED_STATE_INTERVAL_S = 0.2
"""Shorter, because `finish(timeout_s=...)` waits for the committed offset in the state file."""
STOP_TIMEOUT_S = 2.0
STALL_INTERVAL_S = 1.0
CLEANUP_AFTER_S = 60.0
"""A service that has just started uploads first."""
ORPHAN_INTERVAL_S = 1.0


@dataclass(slots=True)
class Service:
    """The service of this node and user. `run` returns when it has been idle for long enough, or after `stop`."""

    home: Home
    settings: Settings
    _index: JournalIndex = field(init=False)
    _watch: ExitWatch = field(default_factory=ExitWatch)
    _watched: Mapping[str, IndexedJournal] = field(default_factory=dict)
    """The journals of watched processes. Only these are uploaded, because the server may stop a run as soon as it has
    it."""
    _guard: TrialGuard = field(init=False)
    _blobs: BlobUploads = field(init=False)
    _uploads: UploadThread = field(init=False)
    _rejected: RejectedJournals = field(init=False)
    _sampler: NodeSampler = field(init=False)
    _processes: ProcessSampler = field(default_factory=ProcessSampler)
    _node_journal: JournalWriter | None = None
    _stopping: bool = False
    _sampled_at: float = 0.0
    _sampled_time: float = field(default_factory=time.time)
    """The same time, in seconds since the epoch."""
    _state_at: float = 0.0
    _orphans: OrphanWatch = field(init=False)
    _orphans_at: float = 0.0
    _stalls: StallWatch = field(init=False)
    _stalls_at: float = 0.0
    _memory_kills: OutOfMemoryKills = field(default_factory=OutOfMemoryKills)
    _written_offsets: dict[str, int] = field(default_factory=dict)
    _busy_at: float = 0.0
    _started_at: float = 0.0
    _cleanup: HomeCleanup = field(init=False)
    _wakeup: int | None = None
    """Readable when a process wants the service to upload at once; None if the file system has no FIFOs."""

    def __post_init__(self) -> None:
        self._index = JournalIndex(self.home.journals, node_id())
        self._cleanup = HomeCleanup(self.home, self.settings.keep, self.settings.keep_gib)
        self._blobs = BlobUploads(self.settings, self.home)
        self._rejected = RejectedJournals(self.home)
        self._rejected.refresh()
        delivered = DeliveredJournals(self.home, self.settings.keep_journals_s)
        uploader = JournalUploader(self.home, lambda: self._watched, self._blobs, self._rejected, delivered)
        self._uploads = UploadThread(self.settings, uploader)
        self._uploads.after_urgent_pass = self._write_state
        self._guard = TrialGuard(self.home, self._uploads.report_dead_agent)
        self._sampler = NodeSampler(self.home.root)
        self._orphans = OrphanWatch(self.home, self.settings.orphan_s)
        self._stalls = StallWatch(self.home, self.settings.stall_s)

    def run(self) -> None:
        """Run until the service is idle or told to stop."""
        self._busy_at = self._started_at = time.monotonic()
        self._listen()
        self._uploads.start()
        self._blobs.start()
        logger.info("service %d of node %s started", os.getpid(), node_id())
        while not self._stopping and not self._is_done():
            try:
                self._tick()
            except Exception:  # one strange journal or process must not end the work for all others
                logger.exception("the service continues after an unexpected error")
                self._watch.wait(FAILED_TICK_S)
        self._end()

    def _listen(self) -> None:
        try:
            self._wakeup = service_wakeup.listen(self.home)
        except OSError as error:
            logger.warning("processes cannot wake the service: %s; it looks at the journals by itself", error)

    def _tick(self) -> None:
        self._refresh_journals()
        for process, status in self._watch.wait(TICK_S, wakeup=self._wakeup):
            self._close_journals_of(process, status)
        if self._wakeup is not None and service_wakeup.drain(self._wakeup):
            self._refresh_journals()
            self._uploads.hurry()
        self._guard.check()
        if time.monotonic() - self._started_at > CLEANUP_AFTER_S:
            self._cleanup.clean_up_if_due()
        self._check_stalls()
        self._adopt_orphans()
        now = time.monotonic()
        if self._has_work():
            self._busy_at = now
            if now - self._sampled_at >= self.settings.sample_interval_s:
                self._sampled_at = now
                self._sample()
        is_changed = self._uploads.committed != self._written_offsets
        if now - self._state_at >= (CHANGED_STATE_INTERVAL_S if is_changed else STATE_INTERVAL_S):
            self._state_at = now
            self._write_state()

    # ranks

    def _refresh_journals(self, *, dead: LoggingProcess | None = None) -> None:
        """Watch the processes of new journals, and close the journals of those that have ended, except for `dead`."""
        for journal in self._index.refresh():
            if journal.owner != dead and not self._watch.add(journal.owner):
                self._close_journal(journal, None)
        self._watched = self._index.journals
        for path, reason in self._index.unreadable.items():
            self._rejected.put(path, run_id=None, reason=reason)
        self._index.unreadable.clear()

    def _close_journals_of(self, process: LoggingProcess, status: ExitStatus | None) -> None:
        self._refresh_journals(dead=process)  # the process may have opened a journal just before it died
        for journal in [journal for journal in self._index.journals.values() if journal.owner == process]:
            self._close_journal(journal, status)

    def _close_journal(self, journal: IndexedJournal, status: ExitStatus | None) -> None:
        try:
            if is_closed(journal.path):
                return
            closing = closing_of(
                last_finish(journal.path), status, is_memory_short=self._memory_kills.are_recent(time.monotonic())
            )
            if closing is not None:
                write_closing(journal.path, closing)
                logger.info("journal %s: %s, %s", journal.id, closing.state, closing.reason)
        except OSError as error:
            logger.error("cannot close `%s`: %s", journal.path, error)

    def _adopt_orphans(self) -> None:
        """Upload what other machines or containers left in this home folder, and end their runs as `lost`."""
        now = time.monotonic()
        if now - self._orphans_at < ORPHAN_INTERVAL_S:
            return
        self._orphans_at = now
        for orphan in self._orphans.look(self._index.elsewhere.values(), now=now):
            logger.warning("journal %s of node %s is taken over", orphan.id, orphan.header.process.node)
            self._index.adopt(orphan)
            try:
                closing = closing_of_silent(last_finish(orphan.path), orphan.path.stat().st_mtime)
                if closing is not None and not is_closed(orphan.path):
                    write_closing(orphan.path, closing)
            except OSError as error:
                logger.error("cannot close `%s`: %s", orphan.path, error)
        self._watched = self._index.journals

    def _check_stalls(self) -> None:
        if time.monotonic() - self._stalls_at < STALL_INTERVAL_S:
            return
        self._stalls_at = time.monotonic()
        self._memory_kills.are_recent(self._stalls_at)
        for stalled in self._stalls.look(self._index.journals.values(), now=time.time()):
            run = stalled.journal.header.run
            if run is not None:
                logger.warning("run %s: %s", run.id, stalled.where)
                self._open_node_journal().append(partial(_stall_record, run, stalled))

    # node

    def _open_node_journal(self) -> JournalWriter:
        """Return this node's journal. It is created for the first record."""
        if self._node_journal is None:
            self._node_journal = JournalWriter(self.home.journals, node=describe_node())
        return self._node_journal

    def _sample(self) -> None:
        """Append one row for this node, and one for the processes of each run on it.

        The steps of these rows are seconds since the epoch.
        """
        since, self._sampled_time = self._sampled_time, time.time()
        gpus = sample_gpus(since=since)
        journal = self._open_node_journal()
        journal.metrics(int(self._sampled_time), self._sampler.sample(gpus))
        rows: dict[str, dict[str, float]] = {}
        for run_rank, row in self._processes.sample(self._index.open_runs(self._watch.alive()), gpus).items():
            rows.setdefault(run_rank.run, {}).update(row)
        for run, values in rows.items():
            journal.append(partial(_process_sample, run, values))

    # life

    def _has_work(self) -> bool:
        """Return whether a logging process or a trial is running, or a journal is not completely uploaded."""
        alive = self._watch.alive()
        is_needed = self._guard.is_guarding or self._orphans.is_waiting
        return is_needed or any(
            not _is_own(journal) and (journal.id not in self._rejected.ids or journal.owner in alive)
            for journal in self._index.journals.values()
        )

    def has_work_again(self) -> bool:
        """Return whether a program has started to log since this service decided to end. Call it after `run`."""
        self._index.refresh()
        self._rejected.refresh()
        return any(
            not _is_own(journal) and journal.id not in self._rejected.ids for journal in self._index.journals.values()
        )

    @property
    def is_replaced(self) -> bool:
        """Whether the server rejects this version, and another one was installed meanwhile."""
        return self._uploads.is_incompatible and protocol.is_replaced()

    def _is_done(self) -> bool:
        return time.monotonic() - self._busy_at > self.settings.idle_exit_s or self.is_replaced

    def _end(self) -> None:
        if self._node_journal is not None:
            self._node_journal.append(lambda sequence, now: Finish(sequence, now, "finished"))
            self._node_journal.close()
            self._refresh_journals()
            if self._drain():
                self._node_journal.path.unlink(missing_ok=True)
        self._cleanup.clean_up_if_due()
        self._blobs.stop(timeout_s=STOP_TIMEOUT_S)
        self._uploads.stop(timeout_s=STOP_TIMEOUT_S)
        self._watch.close()
        if self._wakeup is not None:
            os.close(self._wakeup)
        self._write_state()
        logger.info("service %d ended", os.getpid())

    def _drain(self) -> bool:
        """Wait for an upload pass that started after the last record; return whether it ended in time."""
        ended_at = time.monotonic()
        deadline = ended_at + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._uploads.pass_started_at > ended_at and self._uploads.pending_bytes == 0:
                return True
            self._watch.wait(TICK_S / 4)
        return False

    def _write_state(self) -> None:
        self._written_offsets = self._uploads.committed
        state = {
            "pid": os.getpid(),
            "journals": len(self._index.journals),
            "pending_bytes": self._uploads.pending_bytes,
            "committed": self._uploads.committed,
            "ignored": self._index.ignored_ids(),
            "pass_started_at": self._uploads.pass_started_at,
            "server": self._uploads.url,
            "problem": self._uploads.problem or self._blobs.problem,
            "refusal": self._uploads.refusal,
            "time": time.time(),
        }
        try:
            write_whole(self.home.service_state(node_id()), msgspec.json.encode(state), is_synced=False)
        except OSError as error:
            logger.error("cannot write the state file of the service: %s", error)

    def stop(self) -> None:
        """Make `run` return after a last upload. May be called from a signal handler or another thread."""
        self._stopping = True


def _is_own(journal: IndexedJournal) -> bool:
    """Return whether this process wrote the journal about its node, rather than about a run."""
    return journal.header.run is None and journal.owner.pid == os.getpid()


def _process_sample(run: str, values: dict[str, float], sequence: int, now: float) -> ProcessSample:
    return ProcessSample(sequence, now, run, values)


def _stall_record(run: RunInfo, stalled: StalledRank, sequence: int, now: float) -> Stall:
    return Stall(sequence, now, run.id, run.rank, stalled.since, stalled.where, stalled.stacks)
