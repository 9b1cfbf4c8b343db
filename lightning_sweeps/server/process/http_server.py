"""Runs uvicorn with our own handling of startup and signals."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from lightning_sweeps.errors import EXIT_FAILURE
from lightning_sweeps.server.process.address import BACKLOG
from lightning_sweeps.server.process.certificate import Certificate
from lightning_sweeps.server.process.connections import (
    KEEP_ALIVE_S,
    Connection,
    ConnectionGuard,
    limits_for,
    raise_file_limit,
)
from lightning_sweeps.server.process.logs import log_json
from lightning_sweeps.server.process.options import LogFormat

DRAIN_S = 2
"""How long open requests may continue after the signal to stop."""
END_S = 4.5
"""The process exits at the latest this long after the signal."""
TICKS_PER_CHECK = 10
"""uvicorn ticks every 0.1 s."""


class HttpServer(uvicorn.Server):
    """uvicorn that reports when it accepts requests, ends waiting requests on shutdown, and exits within `END_S`.

    Args:
        app: The application that `create_app` returned.
        ready: Called once the server accepts requests.
        certificate: For HTTPS; None means plain HTTP.
        log_format: Format of the log lines.
        trusted_proxies: Addresses and networks of proxies. Only their requests may name the client's address.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        ready: Callable[[], None],
        certificate: Certificate | None,
        log_format: LogFormat,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        limits = limits_for(raise_file_limit())
        self._connections = ConnectionGuard(limits)
        if log_format is LogFormat.json:
            log_json()
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(Connection, self._connections),  # type: ignore[arg-type]  # uvicorn only calls it
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=DRAIN_S,
                timeout_keep_alive=KEEP_ALIVE_S,
                backlog=limits.at_once,  # asyncio accepts so many in a row, see `startup`
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                server_header=False,
                log_config=None if log_format is LogFormat.json else uvicorn.config.LOGGING_CONFIG,
                ssl_certfile=certificate.file if certificate is not None else None,
                ssl_keyfile=certificate.key_file if certificate is not None else None,
            )
        )
        self._closing: threading.Event = app.state.closing
        self._ready = ready
        self.was_ready = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # asyncio has set it to the number that it accepts in a row
        if self.started and not self.should_exit:
            self.was_ready = True
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_CHECK == 0:
            self._connections.close_overdue()
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals that stop the server. uvicorn's version raises them again and so skips our clean-up."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self._closing.is_set():
            self._closing.set()
            last = threading.Timer(END_S, os._exit, args=[EXIT_FAILURE])
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)
