"""Finds the metrics that Lightning has reduced over all ranks. They are stored once, by rank 0.

With `sync_dist=True`, and for torchmetrics objects at the end of an epoch, every rank has the same number. Lightning
records this in its results, where `SweepCallback` can read it; a logger receives only numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class SyncedMetrics:
    """The names of the metrics that are the same on all ranks. Lightning's results are read once per name.

    Attributes:
        names: the names found so far.

    Args:
        trainer: the Trainer.
    """

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._seen: set[str] = set()
        self.names: set[str] = set()

    def update(self, metrics: Mapping[str, Any]) -> bool:
        """Check the names that were never logged before. Return whether some of them are the same on all ranks."""
        new = metrics.keys() - self._seen
        if not new:
            return False
        self._seen |= new
        found = new & set(synced_names(self._trainer))
        self.names |= found
        return bool(found)

    def drop_from(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metrics that belong to this rank alone."""
        return {name: value for name, value in metrics.items() if name not in self.names}


def synced_names(trainer: Any) -> Iterator[str]:
    """Yield the names of the results that all ranks share, as they are logged."""
    results = trainer._results
    for result in results.values() if results is not None else ():
        meta = result.meta
        for on_step in (True, False):
            is_logged = meta.on_step if on_step else meta.on_epoch
            if is_logged and (_is_reduced(meta.sync) if result.is_tensor else not on_step):
                yield results._forked_name(result, on_step)[1]


def _is_reduced(sync: Any) -> bool:
    """Return whether a number is reduced over all ranks, not over a part of them."""
    return bool(sync.should and sync.group is None and not sync.rank_zero_only)
