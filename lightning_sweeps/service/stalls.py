"""Ranks that do not go on: seen by journals that stop growing, explained by the stacks of all ranks of the job here."""

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
from lightning_sweeps.service.journal_index import Journal
from lightning_sweeps.system.node import is_alive

logger = logging.getLogger("lightning_sweeps.service")

ANSWER_S = 1.0
"""How long a process may take to print its stacks: faulthandler needs milliseconds."""
LOOK_S = 0.02
MAX_STACKS_BYTES = 256 * 1024

_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
_OTHERS = re.compile(r"/(site|dist)-packages/|/lib/python3|^<")


@dataclass(frozen=True, slots=True)
class Stalled:
    """A rank that was asked: where it stands, and its stacks."""

    journal: Journal
    since: float
    where: str
    stacks: str


@dataclass(slots=True)
class _Growth:
    size: int
    at: float
    """When the journal had grown last (seconds since the epoch)."""
    is_told: bool = False


@dataclass(slots=True)
class StallWatch:
    """Remembers when each journal grew; `stall_s` 0 never finds anything."""

    home: Home
    stall_s: float
    _growth: dict[str, _Growth] = field(default_factory=dict)

    def look(self, journals: Iterable[Journal], *, now: float) -> list[Stalled]:
        """Return the ranks of the jobs in which one has just been found to stand still, each once per standstill."""
        if not self.stall_s:
            return []
        runs = [journal for journal in journals if journal.header.run is not None]
        self._growth = {journal.id: self._grown(journal, now) for journal in runs}
        stuck = {_job(journal) for journal in runs if self._is_news(journal, now)}
        return [self._ask(journal, now) for journal in runs if _job(journal) in stuck and self._can_answer(journal)]

    def _grown(self, journal: Journal, now: float) -> _Growth:
        known = self._growth.get(journal.id)
        try:
            size = journal.path.stat().st_size
        except FileNotFoundError:
            size = -1
        return known if known is not None and known.size == size else _Growth(size, now)

    def _is_news(self, journal: Journal, now: float) -> bool:
        growth = self._growth[journal.id]
        is_stuck = now - growth.at >= self.stall_s and not growth.is_told
        return is_stuck and is_alive(journal.owner.pid, journal.owner.started)

    def _can_answer(self, journal: Journal) -> bool:
        """Only a process that is ready for the signal may get it: any other would die of it."""
        owner = journal.owner
        return self.home.stacks(owner.pid, owner.started).exists() and is_alive(owner.pid, owner.started)

    def _ask(self, journal: Journal, now: float) -> Stalled:
        growth = self._growth[journal.id]
        growth.is_told = True
        stacks = _read_stacks(self.home.stacks(journal.owner.pid, journal.owner.started), journal.owner.pid)
        rank = journal.header.run.rank if journal.header.run else 0
        told = f"rank {rank} has logged nothing for {now - growth.at:.0f} s; {describe(stacks)}"
        _tell_terminal(journal.owner.pid, told)
        return Stalled(journal, growth.at, told, stacks)


def describe(stacks: str) -> str:
    """Say in words where the main thread stands: the innermost function, and the program's own line that led there."""
    frames = [found.groupdict() for line in _main_thread(stacks) if (found := _FRAME.match(line))]
    if not frames:
        return "its stacks could not be read"
    own = next((frame for frame in frames if not _OTHERS.search(frame["file"])), frames[-1])
    place = f"`{own['function']}` ({Path(own['file']).name}:{own['line']})"
    return f"it is in `{frames[0]['function']}`, called from {place}" if own is not frames[0] else f"it is in {place}"


def _main_thread(stacks: str) -> list[str]:
    """Return the lines of the main thread: faulthandler prints it last."""
    return stacks.strip().split("\n\n")[-1].splitlines()


def _read_stacks(path: Path, pid: int) -> str:
    try:
        before = path.stat().st_size
        os.kill(pid, signal.SIGUSR2)
        deadline, size = time.monotonic() + ANSWER_S, before
        while time.monotonic() < deadline:
            time.sleep(LOOK_S)
            grown = path.stat().st_size
            if grown == size > before:  # it has stopped printing
                break
            size = grown
        with path.open("rb") as stream:
            stream.seek(before)
            return stream.read(MAX_STACKS_BYTES).decode(errors="replace")
    except (OSError, ProcessLookupError) as error:
        logger.warning("no stacks of process %d: %s", pid, error)
        return ""


def _tell_terminal(pid: int, message: str) -> None:
    """Print one line where the rank's own errors go."""
    try:
        with open(f"/proc/{pid}/fd/2", "w") as stream:  # noqa: PTH123 - a descriptor of another process
            stream.write(f"lightning-sweeps: {message}\n")
    except OSError as error:
        logger.info("cannot print to the terminal of process %d: %s", pid, error)


def _job(journal: Journal) -> tuple[str, int]:
    run = journal.header.run
    return (run.group, run.attempt) if run is not None else ("", 0)
