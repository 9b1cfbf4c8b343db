"""Counts the runs of each group, and finds its state and its first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.run_index.loaded_column import Mask
from lightning_sweeps.store.run_index.ordering import Key, Positions

SEVERITY = ("finished", "stopped", "preempted", "running", "lost", "killed", "failed")
"""The state of a group is the one of its ranks that is the last of these."""

GroupNumbers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of all runs.

    Attributes:
        of: (n,) the number of each run's group.
        count: number of groups.
    """

    of: GroupNumbers
    count: int

    def sizes(self, kept: Mask) -> npt.NDArray[np.intp]:
        """Return the number of runs in each run's group, (n,), of those in `kept`."""
        sizes: npt.NDArray[np.intp] = np.bincount(self.of[kept], minlength=self.count)[self.of]
        return sizes

    def worst_states(self, kept: Mask, states: npt.NDArray[np.int32], names: Sequence[str]) -> npt.NDArray[np.int32]:
        """Return the state of each run's group, (n,).

        Args:
            kept: (n,) the runs that count.
            states: (n,) the state of each run, as its place in `names`.
            names: all states.
        """
        severity = np.array([SEVERITY.index(name) if name in SEVERITY else -1 for name in names] or [-1])
        mildest_first = np.argsort(severity, kind="stable").astype(np.int32)
        place = np.empty(len(mildest_first), np.int32)
        place[mildest_first] = np.arange(len(mildest_first), dtype=np.int32)
        worst = np.zeros(self.count, np.int32)
        np.maximum.at(worst, self.of[kept], place[states[kept]])
        found: npt.NDArray[np.int32] = mildest_first[worst][self.of]
        return found

    def heads(self, chosen: Mask, shown: Mask, keys: Sequence[Key]) -> Positions:
        """Return the first shown run of each group that has a chosen run.

        Args:
            chosen: (n,) the runs that were looked for.
            shown: (n,) the runs that may be returned.
            keys: (n,) each, the order of a group's runs.
        """
        has_chosen = np.zeros(self.count, np.bool_)
        has_chosen[self.of[chosen]] = True
        positions = np.flatnonzero(shown & has_chosen[self.of])
        order = np.lexsort([key[positions] for key in reversed(keys)] + [self.of[positions]])
        sorted_positions = positions[order]
        groups = self.of[sorted_positions]
        is_first = np.append(True, groups[1:] != groups[:-1])[: len(groups)]
        heads: Positions = sorted_positions[is_first]
        return heads


def group_by(*codes: npt.NDArray[np.int32]) -> Groups:
    """Return the groups of runs that have the same codes, (n,) each."""
    joined = np.zeros(len(codes[0]), np.int64)
    for column in codes:
        joined = joined * (int(column.max(initial=0)) + 2) + column + 1
    distinct, of = np.unique(joined, return_inverse=True)
    return Groups(of.astype(np.intp), len(distinct))
