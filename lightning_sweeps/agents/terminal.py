"""Writes to a terminal that may disappear: closing the terminal must not end a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO


@dataclass(slots=True)
class Terminal:
    """Writes complete lines to a stream, and discards them once the stream is closed."""

    stream: TextIO
    is_gone: bool = False

    def write(self, lines: bytes) -> None:
        """Write complete lines and flush."""
        if self.is_gone:
            return
        try:
            self.stream.write(lines.decode(errors="replace"))
            self.stream.flush()
        except (OSError, ValueError):  # the connection or the stream was closed
            self.is_gone = True
