"""Closes connections that hold a place without use: idle ones, half requests, and too many from one address.

A connection is known once a request on it had a valid API key. Only unknown connections are limited in number, and the
oldest one makes room for a new one: whoever has a key gets in, however many connections others hold open.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE_S = 75
"""How long a known connection may wait for its next request."""
HEADER_S = 10.0
"""How long an unknown connection may take until the header of its request is complete."""
UNKNOWN_REQUEST_S = 60.0
"""How long a request without a valid key may take."""
SILENT_BODY_S = 30.0
"""How long a sender may pause within a body."""
STALLED_READER_S = 120.0
"""How long a client may read nothing of a response that waits for it."""

MAX_UNKNOWN = 4096
MAX_UNKNOWN_PER_ADDRESS = 256
MAX_AT_ONCE = 512
MAX_RESERVED_FILES = 256
"""Descriptors that connections may not use: the database, files and pipes need them."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Numbers of connections that the server keeps open.

    Attributes:
        unknown: without a valid key.
        unknown_per_address: without a valid key, from one address.
        total: of all connections.
        at_once: that are accepted before any of them is looked at.
    """

    unknown: int
    unknown_per_address: int
    total: int
    at_once: int


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What decides whether a connection is overdue. Times are seconds ago.

    Attributes:
        is_known: whether a valid key was sent.
        is_busy: whether a request is being answered.
        is_body_awaited: whether the rest of its body is missing, and the server is ready to read it.
        is_read: whether the client reads the response, as far as it must.
        waited_s: since the connection began, or the last response ended.
        silent_s: since the last byte of the client.
        stalled_s: since the client last took a part of the response.
    """

    is_known: bool
    is_busy: bool
    is_body_awaited: bool
    is_read: bool
    waited_s: float
    silent_s: float
    stalled_s: float


def limits_for(files: int) -> ConnectionLimits:
    """Return the limits of a process that may open so many files."""
    share = max(1, files // 4)
    return ConnectionLimits(
        unknown=min(MAX_UNKNOWN, share),
        unknown_per_address=min(MAX_UNKNOWN_PER_ADDRESS, share),
        total=max(1, files - min(MAX_RESERVED_FILES, files // 2)),
        at_once=max(1, min(MAX_AT_ONCE, files // 8)),
    )


def raise_file_limit() -> int:
    """Raise this process's limit of open files to the highest value that it may set, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 2**31


def is_overdue(state: ConnectionState) -> bool:
    """Return whether a connection must be closed."""
    if not state.is_busy:
        return state.waited_s > (KEEP_ALIVE_S + HEADER_S if state.is_known else HEADER_S)
    if state.is_body_awaited and state.silent_s > SILENT_BODY_S:
        return True
    if not state.is_read and state.stalled_s > STALLED_READER_S:
        return True
    return not state.is_known and state.waited_s > HEADER_S + UNKNOWN_REQUEST_S


class ConnectionGuard:
    """Keeps the list of open connections within its limits. Use it in one thread only."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[str, dict[Connection, None]] = defaultdict(dict)

    def admit(self, connection: Connection) -> None:
        """Add a new connection. If there are too many, close the oldest unknown one, or else the new one."""
        self._open[connection.address][connection] = None
        same = self._unknown(connection.address)
        if len(same) > self.limits.unknown_per_address:
            same[0].abort()
        elif self._count() > self.limits.total or self._count_unknown() > self.limits.unknown:
            fullest = max(self._open, key=lambda address: len(self._unknown(address)))
            self._unknown(fullest)[0].abort()  # the new one is unknown, so there is one

    def remove(self, connection: Connection) -> None:
        """Forget a connection that was closed."""
        at_address = self._open.get(connection.address, {})
        at_address.pop(connection, None)
        if not at_address:
            self._open.pop(connection.address, None)

    def close_overdue(self) -> None:
        """Close every connection that is overdue."""
        for connection in [one for at_address in self._open.values() for one in at_address]:
            if is_overdue(connection.state()):
                connection.abort()

    def _unknown(self, address: str) -> list[Connection]:
        """Return the connections of an address without a valid key, the oldest first."""
        return [one for one in self._open[address] if not one.is_known]

    def _count(self) -> int:
        return sum(len(at_address) for at_address in self._open.values())

    def _count_unknown(self) -> int:
        return sum(not one.is_known for at_address in self._open.values() for one in at_address)


class Connection(H11Protocol):
    """uvicorn's HTTP connection, with the times that its guard needs.

    A request finds it in its state. Authentication sets `is_known`.
    """

    def __init__(self, guard: ConnectionGuard, **options: Any) -> None:
        super().__init__(**options)
        self.app_state = {**self.app_state, "connection": self}
        self.is_known = False
        self.address = ""
        self._guard = guard
        self._waits_since = self._heard = self._taken = time.monotonic()
        self._left_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._guard.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._guard.remove(self)

    def data_received(self, data: bytes) -> None:
        self._heard = time.monotonic()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._waits_since = time.monotonic()
        super().on_response_complete()

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def abort(self) -> None:
        """Close the connection at once."""
        self._guard.remove(self)
        self.transport.abort()

    def state(self) -> ConnectionState:
        """Return what decides whether the connection is overdue."""
        now = time.monotonic()
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes < self._left_bytes or not left_bytes:
            self._taken = now
        self._left_bytes = left_bytes
        return ConnectionState(
            is_known=self.is_known,
            is_busy=self.is_busy,
            is_body_awaited=self.is_busy and self.cycle.more_body and not self.flow.read_paused,
            is_read=not self.flow.write_paused,
            waited_s=now - self._waits_since,
            silent_s=now - self._heard,
            stalled_s=now - self._taken,
        )
