"""Indexes the journals of this node: their files, headers and processes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.core.ownership import file_problem
from lightning_sweeps.core.paths import JOURNAL_SUFFIX
from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.closing import is_closed
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.journal.records import Header
from lightning_sweeps.service.exits import LoggingProcess
from lightning_sweeps.service.processes import RunRank

logger = logging.getLogger("lightning_sweeps.service.journal_index")

ABANDONED_S = 600.0
"""How long a file may lack its header. A process writes it at once, or says that it cannot."""


@dataclass(frozen=True, slots=True)
class IndexedJournal:
    """A journal file with its header."""

    path: Path
    header: Header
    is_orphan: bool = False
    """Whether another node left it in this home folder: its process cannot be seen from here."""

    @property
    def id(self) -> str:
        return self.path.name.removesuffix(JOURNAL_SUFFIX)

    @property
    def owner(self) -> LoggingProcess:
        """The process that writes the journal."""
        return LoggingProcess(self.header.process.pid, self.header.process.started)


@dataclass(frozen=True, slots=True)
class _JournalSize:
    """Size of a journal at the last sample. A journal that grows is open. Otherwise, its end is read once."""

    size: int
    is_open: bool
    is_checked: bool


@dataclass(slots=True)
class JournalIndex:
    """The journals in `folder` of processes on the node `node`."""

    folder: Path
    node: str
    journals: dict[str, IndexedJournal] = field(default_factory=dict)
    """By file name. The dictionary is replaced, never changed, so that another thread may read it."""
    unreadable: dict[Path, str] = field(default_factory=dict)
    """Files that are no journals or whose header is damaged, with the reason."""
    elsewhere: dict[str, IndexedJournal] = field(default_factory=dict)
    """Journals of other nodes, by file name. Their services upload them, unless they are adopted."""
    _ignored: set[str] = field(default_factory=set)
    _sizes: dict[str, _JournalSize] = field(default_factory=dict)

    def refresh(self) -> list[IndexedJournal]:
        """Read the folder, remove deleted journals from the index, and return new ones."""
        try:
            names = {entry.name for entry in os.scandir(self.folder) if entry.name.endswith(JOURNAL_SUFFIX)}
        except FileNotFoundError:
            names = set()
        self._ignored &= names
        self.elsewhere = {name: journal for name, journal in self.elsewhere.items() if name in names}
        unread = sorted(names - self.journals.keys() - self._ignored)
        new = [journal for name in unread if (journal := self._read(name))]
        if new or self.journals.keys() - names:
            kept = {name: journal for name, journal in self.journals.items() if name in names}
            self.journals = kept | {journal.path.name: journal for journal in new}
        return new

    def adopt(self, orphan: IndexedJournal) -> None:
        """Index a journal of another node as one of this node."""
        del self.elsewhere[orphan.path.name]
        self.journals = self.journals | {orphan.path.name: orphan}

    def ignored_ids(self) -> list[str]:
        """Return the ids of the journals in the folder that cannot be read or belong to another node."""
        return sorted(name.removesuffix(JOURNAL_SUFFIX) for name in self._ignored)

    def open_runs(self, owners: Collection[LoggingProcess]) -> dict[RunRank, set[LoggingProcess]]:
        """Return those of `owners` that log to runs that have not ended, by run and rank."""
        found: dict[RunRank, set[LoggingProcess]] = {}
        sizes: dict[str, _JournalSize] = {}
        for name, journal in self.journals.items():
            if journal.header.run is None or journal.owner not in owners:
                continue
            sizes[name] = self._measure(name, journal.path)
            if sizes[name].is_open:
                found.setdefault(RunRank.of(journal.header.run), set()).add(journal.owner)
        self._sizes = sizes
        return found

    def _measure(self, name: str, path: Path) -> _JournalSize:
        known = self._sizes.get(name)
        try:
            size = path.stat().st_size
            if known is not None and known.size != size:
                return _JournalSize(size, is_open=True, is_checked=False)
            if known is not None and known.is_checked:
                return known
            return _JournalSize(size, is_open=not is_closed(path), is_checked=True)
        except FileNotFoundError:  # deleted; if its process still logs, it uses another file
            return _JournalSize(0, is_open=False, is_checked=True)

    def _read(self, name: str) -> IndexedJournal | None:
        path = self.folder / name
        try:
            problem = file_problem(path)
            if problem:
                raise JournalError(f"the journal cannot be used: {problem}")
            header = read_header(path)
        except FileNotFoundError:
            return None
        except (JournalError, OSError) as error:
            self.unreadable[path] = str(error)
            self._ignored.add(name)
            return None
        if header is None:  # its process is still writing it; the next call finds it
            _delete_abandoned(path)
            return None
        if header.process.node != self.node:  # a shared home folder: that node's service uploads it
            self._ignored.add(name)
            self.elsewhere[name] = IndexedJournal(path, header, is_orphan=True)
            return None
        return IndexedJournal(path, header)


def _delete_abandoned(path: Path) -> None:
    """Delete a file without a whole header, and so without a row, if nobody has written to it for a long time.

    A process whose disk was full writes the header again, into the same file, with the next row.
    """
    try:
        if time.time() - path.stat().st_mtime > ABANDONED_S:
            path.unlink()
            logger.warning("deleted `%s`: its process ended before it wrote a header, so it has no rows", path)
    except FileNotFoundError:
        return
