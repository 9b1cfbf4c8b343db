"""The end of a dead process's journal: decided from what it wrote last and how it ended, and written in its place."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.journal.format import Entry, decode, encode
from lightning_sweeps.journal.records import Finish, RunState

UNSEEN = "the process ended without `finish()`; how was not seen"


TAIL_BYTES = 4096
"""A finish record is the last of its journal and small."""

LAST_SEQUENCE = 2**62
"""The service's record in a dead process's journal: behind every sequence number that the process can have used."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """Exactly one of `code` and `signal` is set."""

    code: int | None = None
    signal: int | None = None

    @classmethod
    def from_wait(cls, status: int) -> ExitStatus:
        """Read the status word that `wait(2)` gives."""
        if os.WIFSIGNALED(status):
            return cls(signal=os.WTERMSIG(status))
        return cls(code=os.WEXITSTATUS(status))

    def describe(self) -> str:
        if self.signal is None:
            return f"exit status {self.code}"
        try:
            name = f" ({signal.Signals(self.signal).name})"
        except ValueError:
            name = ""
        return f"killed by signal {self.signal}{name}"


@dataclass(frozen=True, slots=True)
class Closing:
    """The end that the service writes for a process that can no longer do it."""

    state: RunState
    reason: str
    exit_code: int | None
    signal: int | None


def closing_of(last: Finish | None, status: ExitStatus | None, *, is_memory_short: bool = False) -> Closing | None:
    """Return the end to write, or None where what the process wrote stands.

    Args:
        last: the finish record at the journal's end, if there is one.
        status: how the process ended, None where nobody saw it.
        is_memory_short: whether the kernel has just ended processes for want of memory.
    """
    if last is not None and last.writer != "exit":
        return None
    if last is not None:
        return _completed(last, status)
    if status is None:
        return Closing("killed", UNSEEN, None, None)
    if status.signal is not None:
        is_by_kernel = is_memory_short and status.signal == signal.SIGKILL
        reason = f"{status.describe()} by the kernel: out of memory" if is_by_kernel else status.describe()
        return Closing("killed", reason, None, status.signal)
    if status.code == 0:
        return Closing("finished", "ended with exit status 0 without `finish()`", 0, None)
    return Closing("failed", status.describe(), status.code, None)


def _completed(last: Finish, status: ExitStatus | None) -> Closing:
    """The interpreter's end wrote a record without knowing the exit status: `sys.exit(3)` looks like success there."""
    if status is None:
        return Closing(last.state, last.reason, None, None)
    if last.state != "finished" or status.code == 0:
        return Closing(last.state, last.reason, status.code, status.signal)
    state: RunState = "killed" if status.signal is not None else "failed"
    return Closing(state, status.describe(), status.code, status.signal)


def is_closed(path: Path) -> bool:
    """Tell whether the journal ends with a word that stands: the run's own, or the service's."""
    last = last_finish(path)
    return last is not None and last.writer != "exit"


def last_finish(path: Path) -> Finish | None:
    """Return the journal's finish record if it is the last one."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = stream.read()
    entries = [item.record for item in decode(tail) if isinstance(item, Entry)]
    return entries[-1] if entries and isinstance(entries[-1], Finish) else None


def write_closing(path: Path, closing: Closing) -> None:
    """Append the end that a dead process could not write. Only for journals whose owner is dead: one writer a file."""
    record = Finish(
        LAST_SEQUENCE,
        time.time(),
        closing.state,
        exit_code=closing.exit_code,
        signal=closing.signal,
        reason=closing.reason,
        writer="service",
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)  # never made anew: a header must come first
    try:
        os.write(descriptor, encode(record))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
