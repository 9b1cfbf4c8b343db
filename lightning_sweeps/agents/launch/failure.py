"""Reads from a trial's logs why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps.agents.forking.protocol import FailedRank
from lightning_sweeps.agents.launch.reason import explain
from lightning_sweeps.core.paths import TrialFolder

TAIL_LINES = 40
TAIL_BYTES = 8 * 1024
READ_BYTES = 8 * TAIL_BYTES

_ROOT_CAUSE = re.compile(r"Root Cause.*?rank\s*:\s*(\d+).*?exitcode\s*:\s*(-?\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial failed.

    Attributes:
        reason: one line.
        tail: the last lines of the failed process's stderr.
    """

    reason: str
    tail: str


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """Where an attempt begins in the trial's logs, in bytes."""

    stdout: int = 0
    stderr: int = 0


def read_failure(
    returncode: int, *, folder: TrialFolder, start: AttemptStart, launch_id: str, is_memory_short: bool = False
) -> Failure:
    """Return why the trial failed, according to the rank that failed first if it is known.

    Args:
        returncode: exit code of the trial's first process; negative for a signal.
        folder: the trial's files.
        start: where this attempt begins in the trial's logs.
        launch_id: id of this attempt, which is part of the names of its ranks' logs.
        is_memory_short: whether the kernel has just killed processes because memory was short.
    """
    printed = read_end(folder.stderr, offset=start.stderr, size=READ_BYTES)
    failed = _read_failed_rank(folder.failed_rank(launch_id)) or failing_rank(printed)
    if failed is None:
        out = read_end(folder.stdout, offset=start.stdout, size=READ_BYTES)
        return Failure(explain(returncode, printed, out=out, is_memory_short=is_memory_short), tail(printed))
    torchrun_logs = sorted(folder.rank_logs.glob(f"{launch_id}_*/attempt_*/{failed.rank}/stderr.log"))
    log = torchrun_logs[-1] if torchrun_logs else folder.rank_stderr(launch_id, failed.rank)
    own = read_end(log, offset=0, size=READ_BYTES)
    out = read_end(log.with_name("stdout.log"), offset=0, size=READ_BYTES)
    reason = explain(failed.exit_code, own, out=out, is_memory_short=is_memory_short)
    return Failure(f"rank {failed.rank}: {reason}", tail(own if own.strip() else printed))


def _read_failed_rank(path: Path) -> FailedRank | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=FailedRank)
    except FileNotFoundError:
        return None


def failing_rank(printed: str) -> FailedRank | None:
    """Return the rank that failed first according to torchrun's output, or None."""
    found = _ROOT_CAUSE.search(printed)
    return FailedRank(int(found.group(1)), int(found.group(2))) if found else None


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
