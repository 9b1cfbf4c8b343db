"""Finds stalled ranks by journals that stop growing, and reads the stacks of all ranks of their job on this node."""

from __future__ import annotations

import logging
import os
import re
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.service.journal_index import IndexedJournal
from lightning_sweeps.system.node import is_alive

logger = logging.getLogger("lightning_sweeps.service.stalls")

STACKS_TIMEOUT_S = 1.0
"""How long a process may take to print its stacks; faulthandler needs milliseconds."""
POLL_INTERVAL_S = 0.02
MAX_STACKS_BYTES = 256 * 1024

_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
_LIBRARY = re.compile(r"/(site|dist)-packages/|/lib/python3|^<")


@dataclass(frozen=True, slots=True)
class StalledRank:
    """A rank of a stalled job: the time of its last row, a sentence with the place where it waits, and its stacks."""

    journal: IndexedJournal
    since: float
    where: str
    stacks: str


@dataclass(slots=True)
class _LastGrowth:
    size: int
    at: float
    """When the journal last grew (seconds since the epoch)."""
    is_reported: bool = False


@dataclass(slots=True)
class StallWatch:
    """Records when each journal last grew.

    Args:
        stall_s: seconds without a row after which a rank counts as stalled; 0 disables the watch.
    """

    home: Home
    stall_s: float
    _growth: dict[str, _LastGrowth] = field(default_factory=dict)

    def look(self, journals: Iterable[IndexedJournal], *, now: float) -> list[StalledRank]:
        """Return all ranks of each job in which a rank has just stalled. Each stall is returned once."""
        if not self.stall_s:
            return []
        runs = [journal for journal in journals if journal.header.run is not None]
        self._growth = {journal.id: self._grown(journal, now) for journal in runs}
        stalled = {_job(journal) for journal in runs if self._is_new_stall(journal, now)}
        return [self._ask(journal, now) for journal in runs if _job(journal) in stalled and self._can_answer(journal)]

    def _grown(self, journal: IndexedJournal, now: float) -> _LastGrowth:
        known = self._growth.get(journal.id)
        try:
            size = journal.path.stat().st_size
        except FileNotFoundError:
            size = -1
        return known if known is not None and known.size == size else _LastGrowth(size, now)

    def _is_new_stall(self, journal: IndexedJournal, now: float) -> bool:
        growth = self._growth[journal.id]
        is_stalled = now - growth.at >= self.stall_s and not growth.is_reported
        return is_stalled and is_alive(journal.owner.pid, journal.owner.started)

    def _can_answer(self, journal: IndexedJournal) -> bool:
        """Return whether the process handles the signal, which would otherwise kill it."""
        owner = journal.owner
        return self.home.stacks(owner.pid, owner.started).exists() and is_alive(owner.pid, owner.started)

    def _ask(self, journal: IndexedJournal, now: float) -> StalledRank:
        growth = self._growth[journal.id]
        growth.is_reported = True
        stacks = _read_stacks(self.home.stacks(journal.owner.pid, journal.owner.started), journal.owner.pid)
        rank = journal.header.run.rank if journal.header.run else 0
        message = f"rank {rank} has logged nothing for {now - growth.at:.0f} s; {describe(stacks)}"
        _tell_terminal(journal.owner.pid, message)
        return StalledRank(journal, growth.at, message, stacks)


def describe(stacks: str) -> str:
    """Return a sentence that names the main thread's innermost function and the line of the program that called it."""
    frames = [found.groupdict() for line in _main_thread(stacks) if (found := _FRAME.match(line))]
    if not frames:
        return "its stacks cannot be read"
    own = next((frame for frame in frames if not _LIBRARY.search(frame["file"])), frames[-1])
    place = f"`{own['function']}` ({Path(own['file']).name}:{own['line']})"
    return f"it is in `{frames[0]['function']}`, called from {place}" if own is not frames[0] else f"it is in {place}"


def _main_thread(stacks: str) -> list[str]:
    """Return the lines of the main thread, which faulthandler prints last."""
    return stacks.strip().split("\n\n")[-1].splitlines()


def _read_stacks(path: Path, pid: int) -> str:
    try:
        before = path.stat().st_size
        os.kill(pid, signal.SIGUSR2)
        deadline, size = time.monotonic() + STACKS_TIMEOUT_S, before
        while time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_S)
            grown = path.stat().st_size
            if grown == size > before:  # the process has finished printing
                break
            size = grown
        with path.open("rb") as stream:
            stream.seek(before)
            return stream.read(MAX_STACKS_BYTES).decode(errors="replace")
    except (OSError, ProcessLookupError) as error:
        logger.warning("cannot read the stacks of process %d: %s", pid, error)
        return ""


def _tell_terminal(pid: int, message: str) -> None:
    """Print one line to the standard error of the rank."""
    try:
        with open(f"/proc/{pid}/fd/2", "w") as stream:  # noqa: PTH123 - a descriptor of another process
            stream.write(f"lightning-sweeps: {message}\n")
    except OSError as error:
        logger.info("cannot print to the terminal of process %d: %s", pid, error)


def _job(journal: IndexedJournal) -> tuple[str, int]:
    run = journal.header.run
    return (run.group, run.attempt) if run is not None else ("", 0)
