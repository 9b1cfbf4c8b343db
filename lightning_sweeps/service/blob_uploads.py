"""The contents of media and artifacts follow their rows to the server: in a thread of their own, so no row waits."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.upload_blobs import send_contents
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LightningSweepsError, ServerError
from lightning_sweeps.service.cleanup import Tidying

logger = logging.getLogger("lightning_sweeps.service")

REQUEST_TIMEOUT_S = 60.0
"""The server reads a large content once over before it says that it is there."""
TICK_S = 0.5
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 30.0
DAY_S = 86400.0
REFUSED_S = 60.0
"""A journal of which the server refuses a content waits this long."""


@dataclass(slots=True)
class _Waiting:
    """A journal whose contents the server is to be asked for, not before `at` (monotonic)."""

    at: float
    generation: int


@dataclass(slots=True)
class ContentShipping:
    """Sends what journals name, one after the other. `note` and `is_done` may be called from another thread."""

    settings: Settings
    home: Home
    problem: str = ""
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _news: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _generation: int = 0
    _tidying: Tidying = field(init=False)

    def __post_init__(self) -> None:
        days = self.settings.media_days
        self._tidying = Tidying(self.home, None if days is None else days * DAY_S)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="contents", daemon=True)
        self._thread.start()

    def stop(self, *, timeout_s: float) -> None:
        """End the thread; a request under way is given `timeout_s`."""
        self._stop.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def note(self, journal_id: str) -> None:
        """Rows of the journal that name contents are on the server, or may be."""
        with self._lock:
            self._generation += 1
            known = self._waiting.get(journal_id)
            at = known.at if known is not None else time.monotonic()
            self._waiting[journal_id] = _Waiting(at, self._generation)
        self._news.set()

    def is_done(self, journal_id: str) -> bool:
        """Return whether the server has every content that the journal's rows were said to name."""
        with self._lock:
            return journal_id not in self._waiting

    def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        client: Client | None = None
        while not self._stop.is_set():
            due = self._next()
            if due is None and self._tidying.wait_s != 0.0:
                self._news.wait(TICK_S if self._waiting else self._tidying.wait_s)
                self._news.clear()
                continue
            try:
                client = client or connect(settings=self.settings, timeout_s=REQUEST_TIMEOUT_S)
                if due is None:
                    self._tidying.tidy(client)
                    continue
                journal_id, generation = due
                refused = send_contents(client, self.home, journal_id).refused
                self._settle(journal_id, generation, refused)
                backoff_s = FIRST_BACKOFF_S
            except (LightningSweepsError, OSError) as error:
                self._say(str(error))
                if isinstance(error, ServerError) and client is not None:
                    client.close()
                    client = None
                self._stop.wait(backoff_s)
                backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        if client is not None:
            client.close()

    def _next(self) -> tuple[str, int] | None:
        """Return the journal that has waited longest, if its time has come."""
        with self._lock:
            if not self._waiting:
                return None
            journal_id, waiting = min(self._waiting.items(), key=lambda item: item[1].at)
            return (journal_id, waiting.generation) if waiting.at <= time.monotonic() else None

    def _settle(self, journal_id: str, generation: int, refused: str) -> None:
        """Forget a journal of which the server has all, unless more was noted meanwhile."""
        with self._lock:
            waiting = self._waiting[journal_id]
            if refused:
                waiting.at = time.monotonic() + REFUSED_S
            elif waiting.generation == generation:
                del self._waiting[journal_id]
        self._say(refused)

    def _say(self, problem: str) -> None:
        """Say a problem once, and once that it is over."""
        if problem != self.problem:
            if problem:
                logger.warning("contents wait: %s", problem)
            else:
                logger.warning("contents go on")
            self.problem = problem
