"""Follows the log files of a trial and shows their new lines in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.agents.terminal import Terminal

READ_BYTES = 1 << 20


@dataclass(slots=True)
class LogFollower:
    """Shows the new complete lines of a log file, each after a prefix.

    Attributes:
        path: the log file; it may not exist yet.
        prefix: printed before each line.
        terminal: shows the lines.
        offset: number of bytes of the file that have been read.
    """

    path: Path
    prefix: str
    terminal: Terminal
    offset: int
    _rest: bytes = b""

    def show(self, *, is_last: bool = False) -> None:
        """Show the new lines. With `is_last`, also show a last line without a line end."""
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:  # the rank has not started yet
            return
        with stream:
            stream.seek(self.offset)
            while data := stream.read(READ_BYTES):
                self.offset += len(data)
                *lines, self._rest = (self._rest + data).split(b"\n")
                self._write(lines)
        if is_last and self._rest:
            self._write([self._rest])
            self._rest = b""

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            prefix = self.prefix.encode()
            shown = (prefix + line.rstrip(b"\r").rpartition(b"\r")[2] + b"\n" for line in lines)  # bars: the last state
            self.terminal.write(b"".join(shown))
