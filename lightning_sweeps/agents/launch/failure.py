"""Reads from a trial's logs why it failed."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps.agents.forking.protocol import FailedRank
from lightning_sweeps.core.paths import TrialFolder

TAIL_LINES = 40
TAIL_BYTES = 8 * 1024

_ROOT_CAUSE = re.compile(r"Root Cause.*?rank\s*:\s*(\d+).*?exitcode\s*:\s*(-?\d+)", re.DOTALL)
_RANK_PREFIX = re.compile(r"^\[(?:rank|default)\d+\]:\s?", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last):"
_SHELL_SIGNAL_BASE = 128


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial failed.

    Attributes:
        reason: one line.
        tail: the last lines of the failed process's stderr.
    """

    reason: str
    tail: str


def read_failure(returncode: int, *, folder: TrialFolder, offset: int, launch_id: str) -> Failure:
    """Return why the trial failed, according to the rank that failed first if it is known.

    Args:
        returncode: exit code of the trial's first process; negative for a signal.
        folder: the trial's files.
        offset: byte offset at which this attempt begins in the trial's stderr.
        launch_id: id of this attempt, which is part of the names of its ranks' logs.
    """
    printed = read_end(folder.stderr, offset=offset, size=8 * TAIL_BYTES)
    failed = _read_failed_rank(folder.failed_rank(launch_id)) or failing_rank(printed)
    if failed is None:
        return Failure(explain(returncode, printed), tail(printed))
    torchrun_logs = sorted(folder.rank_logs.glob(f"{launch_id}_*/attempt_*/{failed.rank}/stderr.log"))
    log = torchrun_logs[-1] if torchrun_logs else folder.rank_stderr(launch_id, failed.rank)
    own = read_end(log, offset=0, size=8 * TAIL_BYTES)
    return Failure(f"rank {failed.rank}: {explain(failed.exit_code, own)}", tail(own if own.strip() else printed))


def _read_failed_rank(path: Path) -> FailedRank | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=FailedRank)
    except FileNotFoundError:
        return None


def failing_rank(printed: str) -> FailedRank | None:
    """Return the rank that failed first according to torchrun's output, or None."""
    found = _ROOT_CAUSE.search(printed)
    return FailedRank(int(found.group(1)), int(found.group(2))) if found else None


def explain(returncode: int, printed: str) -> str:
    """Return why a process failed in one line: the signal, otherwise the exception, otherwise the exit code."""
    if returncode < 0:
        return f"killed by {signal_name(-returncode)}"
    exception = exception_line(printed)
    if exception:
        return exception
    if returncode > _SHELL_SIGNAL_BASE and returncode - _SHELL_SIGNAL_BASE in set(signal.Signals):
        return f"exit code {returncode} (as shells report {signal_name(returncode - _SHELL_SIGNAL_BASE)})"
    return f"exit code {returncode}"


def exception_line(printed: str) -> str:
    """Return the line with the exception of the last traceback, or an empty string."""
    _, found, after = _RANK_PREFIX.sub("", printed).rpartition(_TRACEBACK)
    if not found:
        return ""
    return next((line.strip() for line in after.splitlines() if line.strip() and not line.startswith(" ")), "")


def signal_name(number: int) -> str:
    """Return a signal's number and name, for example `signal 9 (SIGKILL)`."""
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def tail(printed: str) -> str:
    """Return the last lines, at most `TAIL_LINES` lines and `TAIL_BYTES` bytes."""
    lines: Sequence[str] = printed.rstrip().splitlines()[-TAIL_LINES:]
    cut = "\n".join(lines).encode()[-TAIL_BYTES:]
    return cut.decode(errors="ignore")


def read_end(path: Path, *, offset: int, size: int) -> str:
    """Return at most the last `size` bytes after `offset`; an empty string if the file does not exist."""
    try:
        with path.open("rb") as stream:
            end = stream.seek(0, 2)
            stream.seek(max(min(offset, end), end - size))
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
