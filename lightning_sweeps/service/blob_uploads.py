"""Uploads the blobs of media and artifacts in a separate thread, so that rows do not wait for them."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.upload_blobs import upload_blobs
from lightning_sweeps.core.durations import DAY_S
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LightningSweepsError, ServerError
from lightning_sweeps.service.cleanup import MediaCleanup

logger = logging.getLogger("lightning_sweeps.service.blob_uploads")

REQUEST_TIMEOUT_S = 60.0
"""The server reads a large blob once to check its digest before it responds."""
TICK_S = 0.5
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 30.0
REJECTED_RETRY_S = 60.0
"""How long to wait before the next attempt after the server rejected a blob of the journal."""


@dataclass(slots=True)
class _PendingJournal:
    """A journal with blobs to upload, not before `at` (monotonic time)."""

    at: float
    generation: int


@dataclass(slots=True)
class BlobUploads:
    """Uploads the blobs of one journal after the other. `note` and `is_done` may be called from another thread."""

    settings: Settings
    home: Home
    problem: str = ""
    _pending: dict[str, _PendingJournal] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _has_new: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _generation: int = 0
    _cleanup: MediaCleanup = field(init=False)

    def __post_init__(self) -> None:
        days = self.settings.media_days
        self._cleanup = MediaCleanup(self.home, None if days is None else days * DAY_S)

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="blob uploads", daemon=True)
        self._thread.start()

    def stop(self, *, timeout_s: float) -> None:
        """Stop the thread; wait up to `timeout_s` for a request that is running."""
        self._stop.set()
        self._has_new.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def note(self, journal_id: str) -> None:
        """Upload the journal's blobs: the server has, or may have, rows that refer to them."""
        with self._lock:
            self._generation += 1
            known = self._pending.get(journal_id)
            at = known.at if known is not None else time.monotonic()
            self._pending[journal_id] = _PendingJournal(at, self._generation)
        self._has_new.set()

    def is_done(self, journal_id: str) -> bool:
        """Return whether the server has every blob of the journal, if it was noted."""
        with self._lock:
            return journal_id not in self._pending

    def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        client: Client | None = None
        while not self._stop.is_set():
            due = self._next()
            if due is None and self._cleanup.wait_s != 0.0:
                self._has_new.wait(TICK_S if self._pending else self._cleanup.wait_s)
                self._has_new.clear()
                continue
            try:
                client = client or connect(is_background=True, settings=self.settings, timeout_s=REQUEST_TIMEOUT_S)
                if due is None:
                    self._cleanup.clean_up(client)
                    continue
                journal_id, generation = due
                rejection = upload_blobs(client, self.home, journal_id).rejection
                self._settle(journal_id, generation, rejection)
                backoff_s = FIRST_BACKOFF_S
            except Exception as error:  # whatever a server answers, the other blobs must be uploaded
                if not isinstance(error, LightningSweepsError | OSError):
                    logger.exception("an upload failed unexpectedly")
                self._report(str(error) or type(error).__name__)
                if due is not None:
                    self._postpone(due[0], backoff_s)
                if isinstance(error, ServerError) and client is not None:
                    client.close()
                    client = None
                self._stop.wait(backoff_s)
                backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        if client is not None:
            client.close()

    def _next(self) -> tuple[str, int] | None:
        """Return the journal that has waited longest and its generation, if it is due."""
        with self._lock:
            if not self._pending:
                return None
            journal_id, waiting = min(self._pending.items(), key=lambda item: item[1].at)
            return (journal_id, waiting.generation) if waiting.at <= time.monotonic() else None

    def _postpone(self, journal_id: str, wait_s: float) -> None:
        """Let other journals go first, because this one failed."""
        with self._lock:
            self._pending[journal_id].at = time.monotonic() + wait_s

    def _settle(self, journal_id: str, generation: int, rejection: str) -> None:
        """Remove a journal after its blobs were uploaded, unless it was noted again in the meantime."""
        with self._lock:
            waiting = self._pending[journal_id]
            if rejection:
                waiting.at = time.monotonic() + REJECTED_RETRY_S
            elif waiting.generation == generation:
                del self._pending[journal_id]
        self._report(rejection)

    def _report(self, problem: str) -> None:
        """Log a problem when it begins and when it ends."""
        if problem != self.problem:
            if problem:
                logger.warning("uploads of media and artifacts are waiting: %s", problem)
            else:
                logger.warning("uploads of media and artifacts continue")
            self.problem = problem
