"""Console capture: what a rank prints, line by line, also into its journal.

Python's `sys.stdout` and `sys.stderr` are wrapped: text goes where it went, and whole lines go to the run. What C code
prints itself is not seen here; under a sweep the agent keeps it in the trial's log files.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from lightning_sweeps.journal.records import Stream

MAX_LINE = 4096
"""Characters of a line; the rest of a longer one is cut."""

MAX_LINES = 100_000
"""Lines of one process; what comes after is shown but not recorded."""


class LineFolder:
    """Turns written text into lines; a carriage return starts the line again, so that a progress bar is one line."""

    def __init__(self) -> None:
        self._open = ""

    def feed(self, text: str) -> list[str]:
        """Return the lines that this text completes."""
        *whole, rest = (self._open + text).split("\n")
        self._open = _last_version(rest)[:MAX_LINE] + ("\r" if rest.endswith("\r") else "")
        return [_last_version(line)[:MAX_LINE] for line in whole]


def _last_version(line: str) -> str:
    """Return what a terminal shows of a line with carriage returns; one at the very end overwrites nothing yet."""
    versions = [version for version in line.split("\r") if version]
    return versions[-1] if versions else ""


class Tee(io.TextIOBase):
    """A text stream that also hands whole lines to `record`. Everything else is the wrapped stream's."""

    def __init__(self, stream: TextIO, record: Callable[[str], None]) -> None:
        self._stream = stream
        self._record = record
        self._folder = LineFolder()
        self._count = 0

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        for line in self._folder.feed(text):
            if self._count < MAX_LINES:
                self._count += 1
                self._record(line)
        return written

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def buffer(self) -> object:
        """The bytes below, for those who write them; they are not recorded."""
        return self._stream.buffer


class Capture:
    """Wraps both streams of this process until `release`."""

    def __init__(self, record: Callable[[Stream, str], None]) -> None:
        self._before = (sys.stdout, sys.stderr)
        self._own = (
            Tee(sys.stdout, lambda line: record("stdout", line)),
            Tee(sys.stderr, lambda line: record("stderr", line)),
        )
        sys.stdout, sys.stderr = self._own

    def release(self) -> None:
        """Put the streams back, unless somebody has put others there meanwhile."""
        if sys.stdout is self._own[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._own[1]:
            sys.stderr = self._before[1]
