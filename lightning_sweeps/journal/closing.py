"""Decides from the last record and the exit status how a dead process's run ended, and writes that beside its journal.

Only the process itself writes into a journal. What others know about its end is a file beside it, `<journal>.closed`,
which holds for the journal as long as it was then: a journal that is longer has not ended there.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps.core.paths import CLOSED_SUFFIX, write_whole
from lightning_sweeps.core.signals import signal_name
from lightning_sweeps.journal.format import JournalEntry, decode
from lightning_sweeps.journal.records import Finish, RunState

UNKNOWN_END = "the process ended without `finish()`; its exit status is unknown"

MAX_REASON_BYTES = 16 * 1024
"""Longer reasons are cut in the middle: the beginning names the exception, and the end often has its cause."""

TAIL_BYTES = MAX_REASON_BYTES + 4096
"""Number of bytes to read for a finish record, which is the last record of its journal."""


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
        return f"killed by {signal_name(self.signal)}"


class Closing(msgspec.Struct, frozen=True):
    """How a run ended, as others saw it: its process is dead and did not say so itself."""

    state: RunState
    reason: str
    exit_code: int | None
    signal: int | None


class JournalEnd(msgspec.Struct, frozen=True):
    """The content of the file beside a journal. It is void if the journal has another size by now."""

    size_bytes: int
    time: float
    closing: Closing


class SentPart(msgspec.Struct, array_like=True, frozen=True):
    """A part of a journal on its way to the server: complete records from byte `offset`, and the end if it is known."""

    journal: str
    offset: int
    data: bytes
    end: JournalEnd | None = None


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


def closing_of_silent(last: Finish | None, since: float) -> Closing | None:
    """Return the end of a journal of another machine that has not grown since a time, in seconds since the epoch."""
    if last is not None:
        return closing_of(last, None)
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(since))
    return Closing("lost", f"nothing was written since {when} UTC; whether the process lives is unknown", None, None)


def _completed(last: Finish, status: ExitStatus | None) -> Closing:
    """Return the end with its exit status. The interpreter's exit hook cannot read the status of `sys.exit(3)`."""
    if status is None:
        return Closing(last.state, last.reason, None, None)
    if last.state != "finished" or status.code == 0:
        return Closing(last.state, last.reason, status.code, status.signal)
    state: RunState = "killed" if status.signal is not None else "failed"
    return Closing(state, status.describe(), status.code, status.signal)


def is_closed(path: Path) -> bool:
    """Return whether the end of the journal is known, from `finish()` or from the file beside it."""
    return has_own_end(path) or read_end(path) is not None


def has_own_end(path: Path) -> bool:
    """Return whether the journal itself contains its end. Until release 0.1, a service could write it there."""
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
    """Write the end of a dead process's run beside its journal."""
    end = JournalEnd(path.stat().st_size, time.time(), closing)
    write_whole(end_path(path), msgspec.json.encode(end))


def read_end(path: Path) -> JournalEnd | None:
    """Return what is known about the end of a journal; None if nothing is, or if it has grown since."""
    try:
        end = msgspec.json.decode(end_path(path).read_bytes(), type=JournalEnd)
        return end if end.size_bytes == path.stat().st_size else None
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def end_path(path: Path) -> Path:
    """Return the file beside a journal that holds its end."""
    return path.with_suffix(CLOSED_SUFFIX)


def short_reason(reason: str) -> str:
    """Return a reason that a finish record can hold."""
    encoded = reason.encode("utf-8", "replace")
    if len(encoded) <= MAX_REASON_BYTES:
        return encoded.decode()
    half = MAX_REASON_BYTES // 2 - 8
    return f"{encoded[:half].decode('utf-8', 'ignore')}\n[...]\n{encoded[-half:].decode('utf-8', 'ignore')}"
