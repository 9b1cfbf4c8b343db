"""The journals of this node: which there are, whose they are, and how each one ends."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.core.paths import JOURNAL_SUFFIX
from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.closing import is_closed
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.journal.records import Header
from lightning_sweeps.service.exits import Owner
from lightning_sweeps.service.processes import Writer

logger = logging.getLogger("lightning_sweeps.service")


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal file and what its header says."""

    path: Path
    header: Header

    @property
    def id(self) -> str:
        return self.path.name.removesuffix(JOURNAL_SUFFIX)

    @property
    def owner(self) -> Owner:
        return Owner(self.header.process.pid, self.header.process.started)


@dataclass(frozen=True, slots=True)
class _Growth:
    """How long a journal was; whether it goes on is looked up only once it has not grown."""

    size: int
    is_open: bool
    is_known: bool


@dataclass(slots=True)
class JournalBook:
    """The journals in `folder` whose processes run (or ran) on the node `node`."""

    folder: Path
    node: str
    journals: dict[str, Journal] = field(default_factory=dict)
    """By file name; replaced and never changed, so that another thread may read it."""
    _others: set[str] = field(default_factory=set)
    _growth: dict[str, _Growth] = field(default_factory=dict)

    def refresh(self) -> list[Journal]:
        """Look at the folder; forget what is gone and return what is new."""
        try:
            names = {entry.name for entry in os.scandir(self.folder) if entry.name.endswith(JOURNAL_SUFFIX)}
        except FileNotFoundError:
            names = set()
        self._others &= names
        new = [journal for name in sorted(names - self.journals.keys() - self._others) if (journal := self._read(name))]
        if new or self.journals.keys() - names:
            kept = {name: journal for name, journal in self.journals.items() if name in names}
            self.journals = kept | {journal.path.name: journal for journal in new}
        return new

    def open_runs(self, owners: Collection[Owner]) -> dict[Writer, set[Owner]]:
        """Return who of `owners` logs to runs that have not ended."""
        found: dict[Writer, set[Owner]] = {}
        growth: dict[str, _Growth] = {}
        for name, journal in self.journals.items():
            if journal.header.run is None or journal.owner not in owners:
                continue
            growth[name] = self._grown(name, journal.path)
            if growth[name].is_open:
                found.setdefault(Writer.of(journal.header.run), set()).add(journal.owner)
        self._growth = growth
        return found

    def _grown(self, name: str, path: Path) -> _Growth:
        known = self._growth.get(name)
        try:
            size = path.stat().st_size
            if known is not None and known.size != size:
                return _Growth(size, is_open=True, is_known=False)
            return known if known is not None and known.is_known else _Growth(size, not is_closed(path), is_known=True)
        except FileNotFoundError:  # taken away; where the program goes on, it goes on in another file
            return _Growth(0, is_open=False, is_known=True)

    def _read(self, name: str) -> Journal | None:
        path = self.folder / name
        try:
            header = read_header(path)
        except FileNotFoundError:
            return None
        except (JournalError, OSError) as error:
            logger.error("journal set aside: %s", error)
            self._others.add(name)
            return None
        if header is None:  # its owner is just writing it; the next look finds it
            return None
        if header.process.node != self.node:  # a home on a shared file system: that node's service ships it
            self._others.add(name)
            return None
        return Journal(path, header)
