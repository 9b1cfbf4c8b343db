"""The journals of this node: which there are, whose they are, and how each one ends."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.paths import JOURNAL_SUFFIX
from lightning_sweeps.records import Header
from lightning_sweeps.service.exits import Owner

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


@dataclass(slots=True)
class JournalBook:
    """The journals in `folder` whose processes run (or ran) on the node `node`."""

    folder: Path
    node: str
    journals: dict[str, Journal] = field(default_factory=dict)
    """By file name; replaced and never changed, so that another thread may read it."""
    _others: set[str] = field(default_factory=set)

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
