"""Captures the console: each line that a rank prints is also written to its journal.

`sys.stdout` and `sys.stderr` are wrapped. Text goes to the terminal as before, and complete lines also go to the run.
Text that C code prints is not captured here; in a sweep the agent stores it in the log files of the trial.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from lightning_sweeps.journal.records import Stream

MAX_LINE = 4096
"""Maximum length of a recorded line, in characters. Longer lines are cut."""

MAX_LINES = 100_000
"""Maximum number of recorded lines of one process. Later lines are printed but not recorded."""


class LineAssembler:
    """Assembles written text into lines. A carriage return restarts the line, so a progress bar is one line."""

    def __init__(self) -> None:
        self._incomplete = ""

    def feed(self, text: str) -> list[str]:
        """Return the lines that this text completes."""
        *complete, rest = (self._incomplete + text).split("\n")
        self._incomplete = _visible_part(rest)[:MAX_LINE] + ("\r" if rest.endswith("\r") else "")
        return [_visible_part(line)[:MAX_LINE] for line in complete]


def _visible_part(line: str) -> str:
    """Return what a terminal shows of a line with carriage returns. One at the very end overwrites nothing yet."""
    versions = [version for version in line.split("\r") if version]
    return versions[-1] if versions else ""


class TeeStream(io.TextIOBase):
    """A text stream that also passes complete lines to `record`.

    It behaves like the wrapped stream otherwise and has all of its attributes, such as `reconfigure` and `buffer`.
    """

    def __init__(self, stream: TextIO, record: Callable[[str], None]) -> None:
        self._stream = stream
        self._record = record
        self._assembler = LineAssembler()
        self._count = 0

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        for line in self._assembler.feed(text):
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
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    @property
    def newlines(self) -> Any:  # type: ignore[override]
        return self._stream.newlines

    def readable(self) -> bool:
        return self._stream.readable()

    def writable(self) -> bool:
        return self._stream.writable()

    def detach(self) -> Any:
        return self._stream.detach()  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class ConsoleCapture:
    """Wraps both streams of this process until `release` is called."""

    def __init__(self, record: Callable[[Stream, str], None]) -> None:
        self._before = (sys.stdout, sys.stderr)
        self._own = (
            TeeStream(sys.stdout, lambda line: record("stdout", line)),
            TeeStream(sys.stderr, lambda line: record("stderr", line)),
        )
        sys.stdout, sys.stderr = self._own

    def release(self) -> None:
        """Restore the streams, unless the program has replaced them in the meantime."""
        if sys.stdout is self._own[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._own[1]:
            sys.stderr = self._before[1]
