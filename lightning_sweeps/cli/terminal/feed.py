"""Reads from a server that may be away for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lightning_sweeps.cli.terminal.location import Location, Snapshot
from lightning_sweeps.cli.terminal.reader import Reader
from lightning_sweeps.client import Client
from lightning_sweeps.errors import NotFound, ServerError


@dataclass(slots=True)
class Feed:
    """Reads from a server, and connects again after it was away. Use it in one thread at a time.

    Attributes:
        connect: returns a client; raises `ServerError` if there is no server.
        project: only sweeps and runs of this project; None: of all.
    """

    connect: Callable[[], Client]
    project: str | None = None
    _reader: Reader | None = None
    _last: Snapshot = field(default_factory=lambda: Snapshot("", time.time()))

    def read(self, place: Location) -> Snapshot:
        """Return what the server knows about a place. If it does not answer, the last answer with the problem.

        Raises:
            NotFound: there is no such sweep or run.
        """
        try:
            if self._reader is None:
                self._reader = Reader(self.connect(), self.project)
            self._last = self._reader.read(place)
        except NotFound:
            raise
        except ServerError as error:
            self.close()
            return replace(self._last, problem=error.message)
        return self._last

    def close(self) -> None:
        """Close the connection. The next `read` connects again, and reads everything again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
