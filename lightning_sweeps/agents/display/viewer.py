"""The display process: follows the logs of the running trial and writes them where somebody may read them."""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.agents.display.messages import LogFile, PrintLine, decode
from lightning_sweeps.agents.display.rows import DrawnRows
from lightning_sweeps.agents.display.sinks import Sink

POLL_S = 0.05
READ_BYTES = 1 << 20
LINGER_S = 3600
"""How long a display may wait for a terminal that takes no output after its agent has ended."""


def view(reading: int, sink: Sink) -> None:
    """Show what the agent asks for until it closes its end of the pipe, or the terminal is gone.

    Args:
        reading: descriptor from which the agent's messages are read.
        sink: where the output goes.
    """
    viewer = Viewer(sink)
    rest = b""
    while not sink.is_gone:
        if select.select([reading], [], [], viewer.poll_s)[0]:
            data = os.read(reading, READ_BYTES)
            if not data:
                signal.alarm(LINGER_S)
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                viewer.handle(line)
        viewer.show()
    viewer.end()
    sink.close()


@dataclass(slots=True)
class Viewer:
    """Shows the logs of one trial at a time, in order with the agent's messages."""

    sink: Sink
    followers: list[LogFollower] = field(default_factory=list)

    @property
    def poll_s(self) -> float | None:
        """How long to wait for the agent's next message, in seconds; None: forever."""
        return POLL_S if self.followers else None

    def handle(self, line: bytes) -> None:
        """Carry out one message of the agent."""
        message = decode(line)
        if isinstance(message, PrintLine):
            self.show()
            self.sink.write([message.text.encode()], message.stream)
        else:
            self.end()
            self.followers = [LogFollower(log, self.sink) for log in message.logs]

    def show(self) -> None:
        """Show what the trial has printed since the last call."""
        for follower in self.followers:
            follower.show()

    def end(self) -> None:
        """Show the rest of the trial's output."""
        for follower in self.followers:
            follower.end()
        self.followers = []


@dataclass(slots=True)
class LogFollower:
    """Shows the new lines of one log file, and the bar that the program is drawing."""

    log: LogFile
    sink: Sink
    _offset: int = -1
    _rows: DrawnRows = field(default_factory=DrawnRows)
    _shown_bar: bytes = b""
    _bar_at: float = 0.0

    def show(self) -> None:
        """Show the new lines and the bar."""
        self._read()
        self._show_bar()

    def end(self) -> None:
        """Show the rest, with a last line that has no line end."""
        self._read()
        self._write(self._rows.end())
        if self._shown_bar:
            self._shown_bar = b""
            self.sink.draw(b"", self.log.stream)

    def _read(self) -> None:
        self._offset = max(self._offset, self.log.offset)
        path = Path(self.log.path)
        if not path.exists() or path.stat().st_size <= self._offset:  # the rank may not have started yet
            return
        with path.open("rb") as stream:
            stream.seek(self._offset)
            while (data := stream.read(READ_BYTES)) and not self.sink.is_gone:
                self._offset += len(data)
                self._write(self._rows.feed(data))

    def _show_bar(self) -> None:
        bar, now = self._rows.bar, time.monotonic()
        if bar != self._shown_bar and now >= self._bar_at:
            self._shown_bar, self._bar_at = bar, now + self.sink.bar_interval_s(self.log.stream)
            self.sink.draw(self._prefix + bar if bar else b"", self.log.stream)

    def _write(self, lines: list[bytes]) -> None:
        if lines:
            self.sink.write([self._prefix + line for line in lines], self.log.stream)

    @property
    def _prefix(self) -> bytes:
        return self.log.prefix.encode()
