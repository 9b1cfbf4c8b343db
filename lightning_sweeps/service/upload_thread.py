"""The shipping thread: finds or starts the server, ships what is due, backs off while the server does not answer."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LightningSweepsError, ServerError
from lightning_sweeps.service.uploader import Shipper

logger = logging.getLogger("lightning_sweeps.service")

TICK_S = 0.2
REQUEST_TIMEOUT_S = 8.0
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 15.0


@dataclass(slots=True)
class Shipping:
    """Runs a shipper in a thread of its own, so that a server that hangs delays no look at a rank."""

    settings: Settings
    shipper: Shipper
    problem: str = ""
    pending_bytes: int = 0
    committed: dict[str, int] = field(default_factory=dict)
    """By journal id, the bytes that the server has."""
    began_at: float = 0.0
    """When the last pass over all journals that ended well began (monotonic)."""
    url: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="shipping", daemon=True)
        self._thread.start()

    def stop(self, *, timeout_s: float) -> None:
        """End the thread; a request under way is given `timeout_s`."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        client: Client | None = None
        while not self._stop.is_set():
            try:
                client = client or self._connect()
                began_at = time.monotonic()
                if self.shipper.ship(client):
                    self.committed = self.shipper.committed()
                self.pending_bytes = self.shipper.pending_bytes()
                self.began_at = began_at
                self._note("")
                backoff_s = FIRST_BACKOFF_S
                self._stop.wait(TICK_S)
            except (LightningSweepsError, OSError) as error:
                self._note(str(error))
                if isinstance(error, ServerError) and client is not None:
                    client.close()
                    client = None
                self.pending_bytes = self.shipper.pending_bytes()
                self._stop.wait(backoff_s)
                backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        if client is not None:
            client.close()

    def _connect(self) -> Client:
        client = connect(settings=self.settings, timeout_s=REQUEST_TIMEOUT_S)
        self.url = client.url
        return client

    def _note(self, problem: str) -> None:
        """Say a problem once, and once that it is over."""
        if problem != self.problem:
            if problem:
                logger.warning("shipping waits: %s", problem)
            else:
                logger.warning("shipping goes on")
            self.problem = problem
