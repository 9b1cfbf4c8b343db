"""Which metrics are the same on all ranks because Lightning has reduced them: they are stored once, by rank 0.

`sync_dist=True` and torchmetrics objects at the end of an epoch give every rank the same number. Lightning keeps that
knowledge beside its results, where `SweepCallback` finds it; the logger alone sees numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class SyncedMetrics:
    """What is known of the names that were logged so far; Lightning is asked about a name once.

    Args:
        trainer: the Trainer whose results are looked at.
    """

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._asked: set[str] = set()
        self.names: set[str] = set()
        """Those that are the same on all ranks."""

    def learn(self, metrics: Mapping[str, Any]) -> bool:
        """Look at names that were never logged before; return whether some of them are the same on all ranks."""
        new = metrics.keys() - self._asked
        if not new:
            return False
        self._asked |= new
        found = new & set(synced_names(self._trainer))
        self.names |= found
        return bool(found)

    def without(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is this rank's own."""
        return {name: value for name, value in metrics.items() if name not in self.names}


def synced_names(trainer: Any) -> Iterator[str]:
    """Yield the names, as they are logged, of the results that all ranks share."""
    results = trainer._results
    for result in results.values() if results is not None else ():
        meta = result.meta
        for on_step in (True, False):
            is_logged = meta.on_step if on_step else meta.on_epoch
            if is_logged and (_is_reduced(meta.sync) if result.is_tensor else not on_step):
                yield results._forked_name(result, on_step)[1]


def _is_reduced(sync: Any) -> bool:
    """Whether a number is reduced over all ranks, not over a group of some."""
    return bool(sync.should and sync.group is None and not sync.rank_zero_only)
