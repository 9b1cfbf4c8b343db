"""Finds the journals that a trial's processes wrote on this machine, and has them uploaded at the trial's end."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.system import service_lock
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.start_service import wake_or_start_service
from lightning_sweeps.system.uploads import MissingBytes, wait_until_uploaded


@dataclass(slots=True)
class TrialJournals:
    """The journals of the trials that one agent runs.

    Attributes:
        home: the home folder.
        settings: whether this machine has a service, and which kind.
    """

    home: Home
    settings: Settings
    _trials: dict[str, str] = field(default_factory=dict)
    """The trial that wrote a journal, by the journal's id; empty for a journal of no trial, or of another machine."""

    def hand_over(self, trial_id: str) -> dict[str, int]:
        """Have a trial's journals uploaded at once, and return the length in bytes of each by id.

        Call it when the trial's processes have ended. It waits for nothing. Without a service nothing is returned,
        because nothing will be uploaded.
        """
        if self.settings.service == "off" and not service_lock.is_held(self.home):
            return {}
        lengths = self._lengths(trial_id)
        if lengths:
            self.wake(is_first=True)
        return lengths

    def wait_until_uploaded(self, trial_id: str, *, timeout_s: float) -> MissingBytes:
        """Wait until the server has what was logged to a trial on this machine; return what is missing."""
        paths = [self.home.journal(journal_id) for journal_id in self._lengths(trial_id)]
        return wait_until_uploaded(self.home, self.settings, timeout_s=timeout_s, journals=paths)

    def wake(self, *, is_first: bool = False) -> None:
        """Have everything uploaded now; start the service if it has ended."""
        wake_or_start_service(self.home, self.settings, is_awaited=is_first)

    def _lengths(self, trial_id: str) -> dict[str, int]:
        lengths: dict[str, int] = {}
        for journal_id in self._journal_ids():
            path = self.home.journal(journal_id)
            try:
                if journal_id not in self._trials and not self._read(journal_id):
                    continue
                if self._trials[journal_id] == trial_id:
                    lengths[journal_id] = path.stat().st_size
            except FileNotFoundError:  # the server has all of it
                continue
        return lengths

    def _journal_ids(self) -> list[str]:
        """Return the ids of all journals in the home folder, and forget deleted ones."""
        try:
            names = [entry.name for entry in os.scandir(self.home.journals) if entry.name.endswith(JOURNAL_SUFFIX)]
        except FileNotFoundError:
            names = []
        found = sorted(name.removesuffix(JOURNAL_SUFFIX) for name in names)
        self._trials = {journal_id: self._trials[journal_id] for journal_id in found if journal_id in self._trials}
        return found

    def _read(self, journal_id: str) -> bool:
        """Read which trial wrote a journal; return False if its header is not complete."""
        try:
            header = read_header(self.home.journal(journal_id))
        except FileNotFoundError:
            raise
        except (JournalError, OSError):
            self._trials[journal_id] = ""
            return True
        if header is None:
            return False
        is_here = header.process.node == node_id()
        self._trials[journal_id] = (header.run.trial or "") if header.run is not None and is_here else ""
        return True
