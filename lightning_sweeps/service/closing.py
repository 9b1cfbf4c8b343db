"""How a dead process's run ends: a pure decision from what it wrote last and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.records import Finish, RunState
from lightning_sweeps.service.exits import ExitStatus

UNSEEN = "the process ended without `finish()`; how was not seen"


@dataclass(frozen=True, slots=True)
class Closing:
    """The end that the service writes for a process that can no longer do it."""

    state: RunState
    reason: str
    exit_code: int | None
    signal: int | None


def closing_of(last: Finish | None, status: ExitStatus | None) -> Closing | None:
    """Return the end to write, or None where what the process wrote stands.

    Args:
        last: the finish record at the journal's end, if there is one.
        status: how the process ended, None where nobody saw it.
    """
    if last is not None and last.writer != "exit":
        return None
    if last is not None:
        return _corrected(last, status)
    if status is None:
        return Closing("killed", UNSEEN, None, None)
    if status.signal is not None:
        return Closing("killed", status.describe(), None, status.signal)
    if status.code == 0:
        return Closing("finished", "ended with exit status 0 without `finish()`", 0, None)
    return Closing("failed", status.describe(), status.code, None)


def _corrected(last: Finish, status: ExitStatus | None) -> Closing | None:
    """The interpreter's end wrote a record without knowing the exit status: `sys.exit(3)` looks like success there."""
    if status is None or (status.code == 0 and last.state == "finished"):
        return None
    if last.state != "finished":
        return Closing(last.state, last.reason, status.code, status.signal)
    state: RunState = "killed" if status.signal is not None else "failed"
    return Closing(state, status.describe(), status.code, status.signal)
