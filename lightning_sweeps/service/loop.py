"""The service's loop: watch the ranks, close the runs of dead ones, sample the node, end when nothing is left to do."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec

from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.journal.closing import ExitStatus, closing_of, last_finish, write_closing
from lightning_sweeps.journal.records import Finish, ProcessSample, RunInfo, Stall
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.service.blob_uploads import ContentShipping
from lightning_sweeps.service.exits import ExitWatch, MemoryKills, Owner
from lightning_sweeps.service.guard import TrialGuard
from lightning_sweeps.service.journal_index import Journal, JournalBook
from lightning_sweeps.service.processes import ProcessSampler
from lightning_sweeps.service.sampler import Sampler, describe_node
from lightning_sweeps.service.stalls import Stalled, StallWatch
from lightning_sweeps.service.upload_thread import Shipping
from lightning_sweeps.service.uploader import Shipper
from lightning_sweeps.system.gpus import sample_gpus
from lightning_sweeps.system.node import node_id

logger = logging.getLogger("lightning_sweeps.service")

TICK_S = 0.1
"""A process that ends sooner than this after its first journal was opened may end unseen."""
STATE_INTERVAL_S = 2.0
NEWS_INTERVAL_S = 0.2
"""How soon a process that waits for the server's word hears it."""
STOP_TIMEOUT_S = 2.0
STALL_INTERVAL_S = 1.0


@dataclass(slots=True)
class Service:
    """The one service of this node and user. `run` returns when there is nothing left to do or a signal came."""

    home: Home
    settings: Settings
    _book: JournalBook = field(init=False)
    _watch: ExitWatch = field(default_factory=ExitWatch)
    _watched: Mapping[str, Journal] = field(default_factory=dict)
    """The journals whose owners are watched. Only they are shipped: who sees a run on the server may end it at once."""
    _guard: TrialGuard = field(init=False)
    _contents: ContentShipping = field(init=False)
    _shipping: Shipping = field(init=False)
    _sampler: Sampler = field(init=False)
    _processes: ProcessSampler = field(default_factory=ProcessSampler)
    _node_journal: JournalWriter | None = None
    _stopping: bool = False
    _sampled_at: float = 0.0
    _sampled: float = field(default_factory=time.time)
    """The same as a time of day."""
    _state_at: float = 0.0
    _stalls: StallWatch = field(init=False)
    _stalls_at: float = 0.0
    _memory_kills: MemoryKills = field(default_factory=MemoryKills)
    _told: dict[str, int] = field(default_factory=dict)
    _busy_at: float = 0.0

    def __post_init__(self) -> None:
        self._book = JournalBook(self.home.journals, node_id())
        self._guard = TrialGuard(self.home)
        self._contents = ContentShipping(self.settings, self.home)
        self._shipping = Shipping(self.settings, Shipper(self.home, lambda: self._watched, self._contents))
        self._sampler = Sampler(self.home.root)
        self._stalls = StallWatch(self.home, self.settings.stall_s)

    def run(self) -> None:
        self._busy_at = time.monotonic()
        self._shipping.start()
        self._contents.start()
        logger.info("service %d of node %s started", os.getpid(), node_id())
        while not self._stopping and not self._is_done():
            self._tick()
        self._end()

    def _tick(self) -> None:
        self._look_for_journals()
        for owner, status in self._watch.wait(TICK_S):
            self._close_of(owner, status)
        self._guard.look()
        self._look_for_stalls()
        now = time.monotonic()
        if self._has_work():
            self._busy_at = now
            if now - self._sampled_at >= self.settings.sample_interval_s:
                self._sampled_at = now
                self._sample()
        is_news = self._shipping.committed != self._told
        if now - self._state_at >= (NEWS_INTERVAL_S if is_news else STATE_INTERVAL_S):
            self._state_at = now
            self._write_state()

    # ranks

    def _look_for_journals(self, *, dead: Owner | None = None) -> None:
        """Watch the owners of new journals; close those of processes that have ended already, but for `dead`."""
        for journal in self._book.refresh():
            if journal.owner != dead and not self._watch.add(journal.owner):
                self._close_journal(journal, None)
        self._watched = self._book.journals

    def _close_of(self, owner: Owner, status: ExitStatus | None) -> None:
        self._look_for_journals(dead=owner)  # a process may die before its newest journal was seen
        for journal in [journal for journal in self._book.journals.values() if journal.owner == owner]:
            self._close_journal(journal, status)

    def _close_journal(self, journal: Journal, status: ExitStatus | None) -> None:
        try:
            closing = closing_of(
                last_finish(journal.path), status, is_memory_short=self._memory_kills.are_recent(time.monotonic())
            )
            if closing is not None:
                write_closing(journal.path, closing)
                logger.info("journal %s: %s, %s", journal.id, closing.state, closing.reason)
        except OSError as error:
            logger.error("cannot close `%s`: %s", journal.path, error)

    def _look_for_stalls(self) -> None:
        if time.monotonic() - self._stalls_at < STALL_INTERVAL_S:
            return
        self._stalls_at = time.monotonic()
        self._memory_kills.are_recent(self._stalls_at)
        for stalled in self._stalls.look(self._book.journals.values(), now=time.time()):
            run = stalled.journal.header.run
            if run is not None:
                logger.warning("run %s: %s", run.id, stalled.where)
                self._own_journal().append(partial(_stall_record, run, stalled))

    # node

    def _own_journal(self) -> JournalWriter:
        """Return this node's journal; it is begun with the first record."""
        if self._node_journal is None:
            self._node_journal = JournalWriter(self.home.journals, node=describe_node())
        return self._node_journal

    def _sample(self) -> None:
        """Append one row of this node to its journal, and one for the processes of each run that is going on here.

        Their steps are seconds since the epoch.
        """
        since, self._sampled = self._sampled, time.time()
        gpus = sample_gpus(since=since)
        journal = self._own_journal()
        journal.metrics(int(self._sampled), self._sampler.sample(gpus))
        rows: dict[str, dict[str, float]] = {}
        for writer, row in self._processes.sample(self._book.open_runs(self._watch.alive()), gpus).items():
            rows.setdefault(writer.run, {}).update(row)
        for run, values in rows.items():
            journal.append(partial(_process_sample, run, values))

    # life

    def _has_work(self) -> bool:
        """Whether a process that logs still lives, a trial runs, or something is not shipped yet."""
        return self._guard.is_guarding or any(
            journal.owner.pid != os.getpid() for journal in self._book.journals.values()
        )

    def _is_done(self) -> bool:
        return time.monotonic() - self._busy_at > self.settings.idle_exit_s

    def _end(self) -> None:
        if self._node_journal is not None:
            self._node_journal.append(lambda sequence, now: Finish(sequence, now, "finished"))
            self._node_journal.close()
            self._look_for_journals()
            if self._drain():
                self._node_journal.path.unlink(missing_ok=True)
        self._contents.stop(timeout_s=STOP_TIMEOUT_S)
        self._shipping.stop(timeout_s=STOP_TIMEOUT_S)
        self._watch.close()
        self._write_state()
        logger.info("service %d ended", os.getpid())

    def _drain(self) -> bool:
        """Wait for a shipping pass that began after the last record; False where what is left waits in its journal."""
        ended_at = time.monotonic()
        deadline = ended_at + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._shipping.began_at > ended_at and self._shipping.pending_bytes == 0:
                return True
            self._watch.wait(TICK_S / 4)
        return False

    def _write_state(self) -> None:
        self._told = self._shipping.committed
        state = {
            "pid": os.getpid(),
            "journals": len(self._book.journals),
            "pending_bytes": self._shipping.pending_bytes,
            "committed": self._shipping.committed,
            "server": self._shipping.url,
            "problem": self._shipping.problem or self._contents.problem,
            "time": time.time(),
        }
        try:
            write_whole(self.home.service_state(node_id()), msgspec.json.encode(state), is_synced=False)
        except OSError as error:
            logger.error("cannot write the service's state: %s", error)

    def stop(self) -> None:
        """Let `run` return after a last try to ship; may be called from a signal handler or another thread."""
        self._stopping = True


def _process_sample(run: str, values: dict[str, float], sequence: int, now: float) -> ProcessSample:
    return ProcessSample(sequence, now, run, values)


def _stall_record(run: RunInfo, stalled: Stalled, sequence: int, now: float) -> Stall:
    return Stall(sequence, now, run.id, run.rank, stalled.since, stalled.where, stalled.stacks)
