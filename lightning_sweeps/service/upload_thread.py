"""Uploads journals in a thread: finds or starts the server, and backs off while it does not answer."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import Incompatible, LightningSweepsError, ServerError, ServerRefused, Unauthorized
from lightning_sweeps.service.uploader import JournalUploader

logger = logging.getLogger("lightning_sweeps.service.upload_thread")

REQUEST_TIMEOUT_S = 8.0
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 15.0
SERVER_FAULT = 500


@dataclass(slots=True)
class UploadThread:
    """Runs an uploader in a thread, so that a hanging server does not delay the checks of the ranks."""

    settings: Settings
    uploader: JournalUploader
    problem: str = ""
    refusal: str = ""
    """Why the server refuses this version or the API key, and what to do; empty if it does not."""
    is_incompatible: bool = False
    """Whether the server and this version speak no common protocol."""
    pending_bytes: int = 0
    committed: dict[str, int] = field(default_factory=dict)
    """Number of bytes that the server has, by journal id."""
    pass_started_at: float = 0.0
    """When the last successful pass over all journals started (monotonic time)."""
    url: str = ""
    after_urgent_pass: Callable[[], None] = lambda: None
    """Called in this thread after each pass that `hurry` asked for, successful or not."""
    _checked_starts: set[str] = field(default_factory=set)
    """Starts of the server since which it was asked whether it still has what was delivered."""
    _dead_agents: deque[str] = field(default_factory=deque)
    """Agents of which the server is not told yet that they are dead."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _wakeup: threading.Event = field(default_factory=threading.Event)
    """Ends the pause between two passes."""
    _is_urgent: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="journal uploads", daemon=True)
        self._thread.start()

    def report_dead_agent(self, agent_id: str) -> None:
        """Tell the server that an agent and the processes of its trial are gone, after the next upload."""
        self._dead_agents.append(agent_id)

    def hurry(self) -> None:
        """Upload everything that the journals have now, without waiting for their next turn."""
        self._is_urgent = True
        self._wakeup.set()

    def stop(self, *, timeout_s: float) -> None:
        """Stop the thread; wait up to `timeout_s` for a request that is running."""
        self._stop.set()
        self._wakeup.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        client: Client | None = None
        while not self._stop.is_set():
            is_urgent, self._is_urgent = self._is_urgent, False
            try:
                if client is None:
                    client = self._connect()
                    self._checked_starts.clear()
                if client.server_start not in self._checked_starts:
                    self.uploader.delivered.return_missing(client)
                    self._checked_starts |= {"", client.server_start}
                started_at = time.monotonic()
                if self.uploader.upload(client, is_urgent=is_urgent):
                    self.committed = self.uploader.committed()
                self.pending_bytes = self.uploader.pending_bytes()
                self._report_dead_agents(client)
                self.pass_started_at = started_at
                self._report("")
                self.refusal = ""
                self.is_incompatible = False
                backoff_s, pause_s = FIRST_BACKOFF_S, self.uploader.tick_s()
            except (LightningSweepsError, OSError) as error:
                self._report(str(error))
                self.refusal = _refusal(error)
                self.is_incompatible = isinstance(error, Incompatible)
                if isinstance(error, ServerError) and client is not None:
                    client.close()
                    client = None
                backoff_s, pause_s = self._back_off(backoff_s)
            except Exception as error:  # whatever a server answers, the other journals must be uploaded
                logger.exception("an upload failed unexpectedly")
                self._report(f"{type(error).__name__}: {error}")
                backoff_s, pause_s = self._back_off(backoff_s)
            if is_urgent:
                self.after_urgent_pass()
            self._pause(pause_s)
        if client is not None:
            client.close()

    def _report_dead_agents(self, client: Client) -> None:
        while self._dead_agents:
            try:
                client.leave(self._dead_agents[0])
            except ServerRefused as error:  # for example, its sweep was deleted
                if error.status >= SERVER_FAULT:
                    raise
                logger.warning("the server does not take the end of agent `%s`: %s", self._dead_agents[0], error)
            self._dead_agents.popleft()

    def _back_off(self, backoff_s: float) -> tuple[float, float]:
        """Note a failure; return how long to wait after the next one, and after this one."""
        self.pending_bytes = self.uploader.pending_bytes()
        return min(2 * backoff_s, LAST_BACKOFF_S), backoff_s

    def _pause(self, limit_s: float) -> None:
        """Wait until the next pass, at most `limit_s` seconds."""
        self._wakeup.wait(limit_s)
        self._wakeup.clear()

    def _connect(self) -> Client:
        client = connect(is_background=True, settings=self.settings, timeout_s=REQUEST_TIMEOUT_S)
        self.url = client.url
        return client

    def _report(self, problem: str) -> None:
        """Log a problem when it begins and when it ends."""
        if problem != self.problem:
            if problem:
                logger.warning("uploads are waiting: %s", problem)
            else:
                logger.warning("uploads continue")
            self.problem = problem


def _refusal(error: Exception) -> str:
    """Return what to tell programs if the server accepts nothing from this machine; empty if it is another error."""
    return f"{error.message}; {error.hint}" if isinstance(error, Unauthorized | Incompatible) else ""
