"""Tells a child process which run its ancestor has: the state of a run is that of its main process."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.journal.records import RunInfo


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The run of the process that forked or spawned this one, and the journal of the run's main process."""

    info: RunInfo
    journal: str

    def journal_of(self, info: RunInfo) -> str:
        """Return the journal of the main process if `info` is the same rank of the same run, otherwise nothing."""
        is_same = (info.id, info.rank, info.world_size) == (self.info.id, self.info.rank, self.info.world_size)
        return self.journal if is_same and info.attempt == self.info.attempt else ""
