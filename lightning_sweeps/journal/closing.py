"""Decides from the last record and the exit status how a dead process's run ended, and writes the final record."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.journal.format import JournalEntry, decode, encode
from lightning_sweeps.journal.records import Finish, RunState

UNKNOWN_END = "the process ended without `finish()`; its exit status is unknown"

TAIL_BYTES = 4096
"""Number of bytes to read for a finish record, which is small and the last record of its journal."""

LAST_SEQUENCE = 2**62
"""Sequence number of the service's record in a dead process's journal: higher than any number that the process used."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: exactly one of `code` and `signal` is set."""

    code: int | None = None
    signal: int | None = None

    @classmethod
    def from_wait(cls, status: int) -> ExitStatus:
        """Return the exit status in the status word of `wait(2)`."""
        if os.WIFSIGNALED(status):
            return cls(signal=os.WTERMSIG(status))
        return cls(code=os.WEXITSTATUS(status))

    def describe(self) -> str:
        """Return the exit status in words."""
        if self.signal is None:
            return f"exit status {self.code}"
        try:
            name = f" ({signal.Signals(self.signal).name})"
        except ValueError:
            name = ""
        return f"killed by signal {self.signal}{name}"


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a run that the service writes for a dead process."""

    state: RunState
    reason: str
    exit_code: int | None
    signal: int | None


def closing_of(last: Finish | None, status: ExitStatus | None, *, is_memory_short: bool = False) -> Closing | None:
    """Return the end to write, or None if the process itself wrote a final record.

    Args:
        last: the finish record at the end of the journal, if there is one.
        status: exit status of the process; None if it is unknown.
        is_memory_short: whether the kernel has just killed processes because memory was short.
    """
    if last is not None and last.writer != "exit":
        return None
    if last is not None:
        return _completed(last, status)
    if status is None:
        return Closing("killed", UNKNOWN_END, None, None)
    if status.signal is not None:
        is_by_kernel = is_memory_short and status.signal == signal.SIGKILL
        reason = f"{status.describe()} by the kernel: out of memory" if is_by_kernel else status.describe()
        return Closing("killed", reason, None, status.signal)
    if status.code == 0:
        return Closing("finished", "ended with exit status 0 without `finish()`", 0, None)
    return Closing("failed", status.describe(), status.code, None)


def _completed(last: Finish, status: ExitStatus | None) -> Closing:
    """Return the end with its exit status. The interpreter's exit hook cannot read the status of `sys.exit(3)`."""
    if status is None:
        return Closing(last.state, last.reason, None, None)
    if last.state != "finished" or status.code == 0:
        return Closing(last.state, last.reason, status.code, status.signal)
    state: RunState = "killed" if status.signal is not None else "failed"
    return Closing(state, status.describe(), status.code, status.signal)


def is_closed(path: Path) -> bool:
    """Return whether the journal ends with a final finish record, from `finish()` or from the service."""
    last = last_finish(path)
    return last is not None and last.writer != "exit"


def last_finish(path: Path) -> Finish | None:
    """Return the last record of the journal if it is a finish record."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = stream.read()
    entries = [item.record for item in decode(tail) if isinstance(item, JournalEntry)]
    return entries[-1] if entries and isinstance(entries[-1], Finish) else None


def write_closing(path: Path, closing: Closing) -> None:
    """Append the end of a dead process's run. The process must be dead, because a journal has one writer."""
    record = Finish(
        LAST_SEQUENCE,
        time.time(),
        closing.state,
        exit_code=closing.exit_code,
        signal=closing.signal,
        reason=closing.reason,
        writer="service",
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)  # no O_CREAT: a new file would have no header
    try:
        os.write(descriptor, encode(record))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
