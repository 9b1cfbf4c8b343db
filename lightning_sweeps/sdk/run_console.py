"""Records what a process prints, line by line, with its run."""

from __future__ import annotations

from lightning_sweeps.journal.records import Stream, Text
from lightning_sweeps.sdk.console import ConsoleCapture
from lightning_sweeps.sdk.run_base import RunBase

MAX_BUFFERED_LINES = 1000


class RunConsole(RunBase):
    """The part of `Run` that records printed lines."""

    _capture: ConsoleCapture | None
    _captures_console: bool
    _buffered_lines: list[tuple[Stream, str]]

    def capture_console(self) -> None:
        """Record what this process prints, line by line, until the run finishes. A reopened run records again."""
        self._captures_console = True
        if self._writer is not None and self._capture is None:
            self._capture = ConsoleCapture(self._record_line)

    def release_console(self) -> None:
        """Stop recording what this process prints."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def adopt_lines(self, previous: RunConsole) -> None:
        """Take over the console lines of a run that this one replaces and that was never announced."""
        self._buffered_lines = [*previous._buffered_lines, *self._buffered_lines]

    def _record_line(self, stream: Stream, line: str) -> None:
        """Record a line that this process printed.

        A forked worker that prints does not open a journal. A line does not announce a run either: lines are buffered
        until something else does.
        """
        if self._writer is None or not self._writer.is_own or self._finished:
            return
        if not self._writer.has_begun:
            self._buffered_lines = [*self._buffered_lines[-MAX_BUFFERED_LINES:], (stream, line)]
        else:
            self._record_buffered_lines()
            self._append_line(stream, line)

    def _record_buffered_lines(self) -> None:
        lines, self._buffered_lines = self._buffered_lines, []
        for stream, line in lines:
            self._append_line(stream, line)

    def _append_line(self, stream: Stream, line: str) -> None:
        if self._writer is not None:
            self._writer.append(lambda sequence, time: Text(sequence, time, stream, line))
