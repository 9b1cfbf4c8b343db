"""Loads the columns of runs, and keeps them as the database has them.

Each request first reads which runs have changed, in its own transaction. So it sees what its transaction sees, and
reading the index costs what has changed since the last request.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, select

from lightning_sweeps.store import clock, schema
from lightning_sweeps.store.metric_columns import is_metric_column, waiting_runs
from lightning_sweeps.store.run_columns import DERIVED, RunColumn, column
from lightning_sweeps.store.run_index.categories import NONE, Categories
from lightning_sweeps.store.run_index.changed_runs import LONGEST_WRITE_S, changed_runs, is_set_back
from lightning_sweeps.store.run_index.groups import Groups, group_by
from lightning_sweeps.store.run_index.indexed_runs import IndexedRuns
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn, Mask
from lightning_sweeps.store.run_index.metric_column import MetricColumn
from lightning_sweeps.store.run_index.ordering import Positions
from lightning_sweeps.store.run_index.run_keys import RunKeys

AT_ONCE = 5000
"""Number of rows that are converted at once."""
IDS_AT_ONCE = 500
MOST_COLUMNS = 48
"""Maximum number of loaded columns, besides `ALWAYS`. The one that was used least recently goes first."""
ALWAYS = ("group", "rank", "created", "state", "archived", "deleted")
RUN_INDEX = "lightning_sweeps_run_index"
"""The execution option that holds the index of an engine."""

_run = schema.run
_gone = schema.deleted_run


class RunIndex:
    """The columns of all runs of one database. Threads share it.

    Attributes:
        keys: which columns the runs of each project have.
    """

    def __init__(self) -> None:
        self.keys = RunKeys()
        self._lock = threading.Lock()
        self._clear()

    @contextmanager
    def current(
        self, connection: Connection, names: Collection[str] = (), *, projects: Collection[str] | None = None
    ) -> Iterator[IndexedRuns]:
        """Bring the index up to date with a transaction, and hold it until the end of the block.

        Args:
            connection: a transaction that has changed no runs.
            names: columns to load, besides `ALWAYS`.
            projects: ids of the projects whose runs are asked for; None: all.

        Raises:
            UsageError: there is no such column.
        """
        with self._lock:
            self._refresh(connection)
            metrics = [name for name in names if is_metric_column(name)]
            for name in names:
                if name not in ("id", *DERIVED, *metrics):
                    self._load_column(connection, name, projects)
            columns = self._columns | self._load_metrics(connection, metrics, projects)
            yield IndexedRuns(self._ids, self._is_there, self._projects, columns, self._grouped)

    def _clear(self) -> None:
        self._read_at = -math.inf
        self._ids = Categories()
        """Their codes are the positions of runs in all columns."""
        self._is_there: Mask = np.empty(0, np.bool_)
        self._changed = np.empty(0)
        self._projects = LoadedColumn("text")
        self._columns: dict[str, LoadedColumn] = {}
        self._loaded: dict[str, set[str] | None] = dict.fromkeys(ALWAYS)
        """The projects of which a column is loaded; None: all."""
        self._metrics: dict[str, MetricColumn] = {}
        self._groups: Groups | None = None

    def _refresh(self, connection: Connection) -> None:
        now = clock.now(connection)
        if is_set_back(now, self._read_at):
            self._clear()
        if not self._columns:
            self._columns = {name: LoadedColumn(column(name, connection.dialect.name).kind) for name in ALWAYS}
            self._load_rows(connection, self._select(connection, ALWAYS))
        else:
            self._load_changed(connection)
            since = self._read_at - LONGEST_WRITE_S
            self._remove(connection.scalars(select(_gone.c.id).where(_gone.c.time > since)))
        self._read_at = now

    def _load_changed(self, connection: Connection) -> None:
        changed = changed_runs(connection, self._read_at, self._known_change)
        for start in range(0, len(changed), IDS_AT_ONCE):
            some = _run.c.id.in_(changed[start : start + IDS_AT_ONCE])
            self._load_rows(connection, self._select(connection, self._columns).where(some))

    def _known_change(self, run_id: str) -> float:
        position = self._ids.find(run_id)
        return float(self._changed[position]) if position != NONE and self._is_there[position] else math.nan

    def _remove(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            position = self._ids.find(run_id)
            if position != NONE:
                self._is_there[position] = False

    def _load_column(self, connection: Connection, name: str, projects: Collection[str] | None) -> None:
        """Load a column of the runs of some projects, unless it is loaded."""
        known = column(name, connection.dialect.name)
        if name not in self._columns:
            self._forget_columns()
            self._columns[name] = LoadedColumn(known.kind)
            self._columns[name].grow(len(self._ids))
            self._loaded[name] = set()
        loaded = self._loaded.pop(name)
        self._loaded[name] = loaded  # the last one is the one that was used most recently
        if loaded is None or (projects is not None and loaded.issuperset(projects)):
            return
        asked = select(_run.c.id, *_expressions(known))
        for rows in connection.execute(asked.where(*_in_projects(projects))).partitions(AT_ONCE):
            known_rows = [row for row in rows if self._ids.find(row[0]) != NONE]
            positions = np.array([self._ids.find(row[0]) for row in known_rows], np.intp)
            self._put(name, positions, known_rows, 1)
        self._loaded[name] = None if projects is None else loaded.union(projects)

    def _load_metrics(
        self, connection: Connection, names: Sequence[str], projects: Collection[str] | None
    ) -> dict[str, LoadedColumn]:
        """Bring statistics of metrics up to date for the runs of some projects, and return them by name."""
        if not names:
            return {}
        waiting = np.zeros(len(self._ids), np.bool_)
        found = [self._ids.find(run_id) for run_id in waiting_runs(connection)]
        waiting[[position for position in found if position != NONE]] = True
        wanted = self._is_there
        if projects is not None:
            codes = [self._projects.categories.find(project) for project in projects]
            wanted = wanted & np.isin(self._projects.codes, [code for code in codes if code != NONE])
        for name in names:
            loaded = self._metrics.pop(name, None) or MetricColumn(name)
            self._metrics[name] = loaded  # the last one is the one that was used most recently
            loaded.refresh(connection, self._ids, wanted=wanted, changed=self._changed, waiting=waiting)
        for name in list(self._metrics)[: max(0, len(self._metrics) - MOST_COLUMNS)]:
            del self._metrics[name]
        return {name: self._metrics[name].column for name in names}

    def _forget_columns(self) -> None:
        optional = [name for name in self._loaded if name not in ALWAYS]
        for name in optional[: max(0, len(optional) - MOST_COLUMNS + 1)]:
            del self._loaded[name], self._columns[name]

    def _select(self, connection: Connection, names: Iterable[str]) -> Select[Any]:
        expressions = [part for name in names for part in _expressions(column(name, connection.dialect.name))]
        return select(_run.c.id, _run.c.project_id, _run.c.changed, *expressions)

    def _load_rows(self, connection: Connection, asked: Select[Any]) -> None:
        for rows in connection.execute(asked).partitions(AT_ONCE):
            positions = np.array([self._ids.add(row[0]) for row in rows], np.intp)
            self._grow()
            self._is_there[positions] = True
            self._changed[positions] = np.array([row[2] for row in rows], np.float64)
            before = self._projects.codes[positions], self._columns["group"].codes[positions]
            self._projects.put(positions, [None] * len(rows), [row[1] for row in rows])
            at = 3
            for name in self._columns:
                at = self._put(name, positions, rows, at)
            after = self._projects.codes[positions], self._columns["group"].codes[positions]
            if not all(np.array_equal(*pair) for pair in zip(before, after, strict=True)):
                self._groups = None

    def _grow(self) -> None:
        added = len(self._ids) - len(self._is_there)
        if not added:
            return
        self._is_there = np.append(self._is_there, np.zeros(added, np.bool_))
        self._changed = np.append(self._changed, np.full(added, np.nan))
        for loaded in (self._projects, *self._columns.values()):
            loaded.grow(len(self._ids))
        self._groups = None

    def _put(self, name: str, positions: Positions, rows: Sequence[Row[Any]], at: int) -> int:
        """Store the values of a column that stand in `rows` from `at` on. Return where the next column begins."""
        loaded = self._columns[name]
        none = [None] * len(rows)
        if loaded.kind in ("number", "time"):
            loaded.put(positions, [row[at] for row in rows], none)
            return at + 1
        if loaded.kind is not None:
            loaded.put(positions, none, [row[at] for row in rows])
            return at + 1
        loaded.put(positions, [row[at] for row in rows], [row[at + 1] for row in rows])
        return at + 2

    def _grouped(self) -> Groups:
        if self._groups is None:
            self._groups = group_by(self._projects.codes, self._columns["group"].codes)
        return self._groups


def _expressions(known: RunColumn) -> list[ColumnElement[Any]]:
    """Return what is read of a column: its number, its text, or both."""
    if known.kind is None:
        return [known.number, known.text]
    return [known.number if known.kind in ("number", "time") else known.text]


def _in_projects(projects: Collection[str] | None) -> list[ColumnElement[bool]]:
    return [] if projects is None else [_run.c.project_id.in_(projects)]


def index_of(connection: Connection) -> RunIndex:
    """Return the index of a connection's database."""
    index: RunIndex = connection.get_execution_options()[RUN_INDEX]
    return index
