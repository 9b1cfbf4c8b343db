"""Holds a statistic of a metric of all runs, and reads it again for the runs that have logged since."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from lightning_sweeps.store import schema
from lightning_sweeps.store.metric_columns import values_of
from lightning_sweeps.store.run_index.categories import Categories
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn, Mask

IDS_AT_ONCE = 500
FEW = 2000
"""If more runs than this are out of date, all of them are read by one statement."""


class MetricColumn:
    """The values of `min.<key>`, `max.<key>` or `mean.<key>`, by the position of the run."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.column = LoadedColumn("number")
        self._read_at = np.empty(0)
        """When the run had changed last, as its value was read; NaN: it must be read."""

    def refresh(
        self, connection: Connection, ids: Categories, *, wanted: Mask, changed: npt.NDArray[np.float64], waiting: Mask
    ) -> None:
        """Read the values of runs that have changed.

        Args:
            connection: a transaction.
            ids: the ids of all runs.
            wanted: the runs that are asked for, (n,).
            changed: when each run changed last, (n,).
            waiting: the runs with buffered rows, (n,): their values are read again next time.
        """
        added = len(changed) - len(self._read_at)
        if added:
            self._read_at = np.append(self._read_at, np.full(added, np.nan))
            self.column.grow(len(changed))
        stale = np.flatnonzero(wanted & (self._read_at != changed))
        self.column.numbers[stale] = np.nan
        names = [ids.texts[position] for position in stale]
        whole = len(stale) > FEW
        parts = [None] if whole else [names[at : at + IDS_AT_ONCE] for at in range(0, len(names), IDS_AT_ONCE)]
        is_stale = set(stale.tolist())
        for part in parts:
            conditions = [] if part is None else [schema.run.c.id.in_(part)]
            for run_id, value in connection.execute(values_of(self._name, conditions)):
                position = ids.find(run_id)
                if position in is_stale and value is not None:
                    self.column.numbers[position] = value
        self._read_at[stale] = np.where(waiting[stale], np.nan, changed[stale])
