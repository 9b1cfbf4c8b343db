"""Writes to a terminal that may disappear: a trial must not end because the user has closed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO


@dataclass(slots=True)
class Terminal:
    """Writes whole lines to a stream, and discards them once the stream is gone."""

    stream: TextIO
    is_gone: bool = False

    def write(self, lines: bytes) -> None:
        """Write complete lines and flush."""
        if self.is_gone:
            return
        try:
            self.stream.write(lines.decode(errors="replace"))
            self.stream.flush()
        except (OSError, ValueError):  # the connection was closed, or the stream itself
            self.is_gone = True
