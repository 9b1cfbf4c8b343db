"""Deletes what old trials have left in the home folder: their folders with logs, and journals that the server rejected.

Runs, checkpoints, artifacts and journals that wait for a server are not touched.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps.core.paths import REJECTED_SUFFIX, Home

logger = logging.getLogger("lightning_sweeps")

GIB = 2**30
INTERVAL_S = 3600.0
SHORT_INTERVAL_S = 60.0
"""Until the next round, if there was more to delete than one round may."""
MAX_PER_ROUND = 500
NEVER_YOUNGER_S = 3600.0
"""What was written in the last hour is kept, whatever its size."""
LONGEST_LOG_BYTES = 16 * 2**20


class _RejectedJournal(msgspec.Struct):
    reason: str = ""


class _Rejection(msgspec.Struct):
    """The part of a rejected journal's note that matters here."""

    journal: _RejectedJournal = msgspec.field(default_factory=_RejectedJournal)
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that may be deleted.

    Attributes:
        paths: its files and folders.
        size_bytes: their size.
        modified: when they were last written, in seconds since the epoch.
    """

    paths: tuple[Path, ...]
    size_bytes: int
    modified: float


@dataclass(frozen=True, slots=True)
class RejectedLeftover:
    """A journal that the server rejected. It is deleted only when the server knows about it.

    Attributes:
        path: the journal.
        reason: the server's reason.
        is_told: whether the server has a record of the rejection.
        leftover: the journal and its note, to delete them.
    """

    path: Path
    reason: str
    is_told: bool
    leftover: Leftover


def too_old_or_too_much(
    leftovers: Iterable[Leftover], *, now: float, keep_s: float | None, keep_bytes: float | None
) -> list[Leftover]:
    """Return what must be deleted, the oldest first.

    Args:
        leftovers: all of them.
        now: the time, in seconds since the epoch.
        keep_s: longest age; None: no limit.
        keep_bytes: largest total size; None: no limit.
    """
    listed = sorted(leftovers, key=lambda leftover: leftover.modified)
    total = sum(leftover.size_bytes for leftover in listed)
    chosen = []
    for leftover in listed:
        age_s = now - leftover.modified
        is_old = keep_s is not None and age_s > keep_s
        is_too_much = keep_bytes is not None and total > keep_bytes
        if (is_old or is_too_much) and age_s > NEVER_YOUNGER_S:
            chosen.append(leftover)
            total -= leftover.size_bytes
    return chosen


@dataclass(slots=True)
class HomeCleanup:
    """Cleans a home folder up, one round at a time.

    Attributes:
        home: the home folder.
        keep_s: how long leftovers are kept; None keeps them forever.
        keep_gib: how large they may be together, in GiB; None: no limit.
    """

    home: Home
    keep_s: float | None
    keep_gib: float | None
    _next_at: float = 0.0

    def clean_up_if_due(self) -> None:
        """Run a round about once an hour. Problems are logged, never raised."""
        if time.monotonic() < self._next_at:
            return
        try:
            is_done = self.clean_up(now=time.time())
        except OSError as error:
            logger.warning("cannot clean up `%s`: %s", self.home.root, error)
            is_done = True
        self._next_at = time.monotonic() + (INTERVAL_S if is_done else SHORT_INTERVAL_S)

    def clean_up(self, *, now: float) -> bool:
        """Delete what is too old or too much; return whether nothing of it is left.

        Args:
            now: the time, in seconds since the epoch.
        """
        for log in (self.home.service_log, self.home.server_log):
            _shorten(log)
        rejected = {journal.path: journal for journal in self.rejected_journals() if journal.is_told}
        leftovers = [*self.trials(), *(journal.leftover for journal in rejected.values())]
        keep_bytes = None if self.keep_gib is None else self.keep_gib * GIB
        chosen = too_old_or_too_much(leftovers, now=now, keep_s=self.keep_s, keep_bytes=keep_bytes)
        deleted = chosen[:MAX_PER_ROUND]
        for leftover in deleted:
            journal = rejected.get(leftover.paths[0])
            if journal is not None:
                logger.warning("deleted the journal `%s`, which the server rejected: %s", journal.path, journal.reason)
            for path in leftover.paths:
                _delete(path)
        if deleted:
            size_mib = sum(leftover.size_bytes for leftover in deleted) / 2**20
            logger.info("deleted %d old trial folders and rejected journals, %.1f MiB", len(deleted), size_mib)
        return len(deleted) == len(chosen)

    def trials(self) -> Iterator[Leftover]:
        """Yield the folders of ended trials."""
        for folder in _entries(self.home.trials):
            if not self.home.trial(folder.name).process.exists():  # it exists while the trial runs
                yield _measure((folder,))

    def rejected_journals(self) -> Iterator[RejectedLeftover]:
        """Yield the journals that the server rejected."""
        for note in self.home.journals.glob(f"*{REJECTED_SUFFIX}"):
            try:
                found = msgspec.json.decode(note.read_bytes(), type=_Rejection)
            except (OSError, msgspec.DecodeError):
                continue
            path = self.home.journal(note.name.removesuffix(REJECTED_SUFFIX))
            yield RejectedLeftover(path, found.journal.reason, found.is_told, _measure((path, note)))


def _entries(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _measure(paths: Sequence[Path]) -> Leftover:
    size_bytes, modified = 0, 0.0
    for path in paths:
        for file in (path, *path.rglob("*")):
            try:
                status = file.lstat()
            except FileNotFoundError:
                continue
            size_bytes += status.st_size
            modified = max(modified, status.st_mtime)
    return Leftover(tuple(paths), size_bytes, modified)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)  # another process of this user may clean up too
    else:
        path.unlink(missing_ok=True)


def _shorten(log: Path) -> None:
    """Move the text of a long log to a second file. Its writers append, so they continue at the new end."""
    try:
        if log.stat().st_size <= LONGEST_LOG_BYTES:
            return
    except FileNotFoundError:
        return
    shutil.copyfile(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)
