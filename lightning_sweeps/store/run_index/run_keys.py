"""Knows which columns of configurations and metrics the runs of each project have.

The names are kept in memory. Each search first reads the runs that have changed, in its own transaction. Names of
deleted runs are forgotten when the server starts again.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lightning_sweeps.store import clock, schema
from lightning_sweeps.store.run_index.changed_runs import changed_runs, is_set_back

IDS_AT_ONCE = 500
MANY = 5000
"""If more runs have changed, the names of all values outside of their rows are read at once."""

_run = schema.run
_last = schema.last_value


class RunKeys:
    """The names of columns by the ids of projects. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def search(self, connection: Connection, text: str, *, projects: Collection[str] | None, limit: int) -> list[str]:
        """Return columns whose names contain a text, in upper or lower case, the best matches first.

        Args:
            connection: a transaction.
            text: what to look for; empty: all.
            projects: ids of projects; None: all.
            limit: maximum number of columns.
        """
        with self._lock:
            self._refresh(connection)
            names = {
                name
                for project, known in self._names.items()
                if projects is None or project in projects
                for name in known
            }
        wanted = text.lower()
        return sorted((name for name in names if wanted in name.lower()), key=lambda name: _order(name, wanted))[:limit]

    def _clear(self) -> None:
        self._read_at = -math.inf
        self._changed: dict[str, float] = {}
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def _refresh(self, connection: Connection) -> None:
        now = clock.now(connection)
        if is_set_back(now, self._read_at):
            self._clear()
        changed = changed_runs(connection, self._read_at, self._changed.get)
        for start in range(0, len(changed), IDS_AT_ONCE):
            self._read(connection, changed[start : start + IDS_AT_ONCE])
        self._read_elsewhere(connection, changed)
        self._read_at = now

    def _read(self, connection: Connection, ids: Sequence[str]) -> None:
        columns = (_run.c.id, _run.c.project_id, _run.c.changed, _run.c.config, _run.c.summary, _run.c.logged)
        for row in connection.execute(select(*columns).where(_run.c.id.in_(ids))):
            self._changed[row.id] = row.changed
            names = self._names[row.project_id]
            names.update(f"config.{key}" for key in leaf_names(row.config))
            names.update(f"summary.{key}" for key in (*row.summary, *row.logged))

    def _read_elsewhere(self, connection: Connection, ids: Sequence[str]) -> None:
        """Read the names of the values that are not in the rows of their runs."""
        asked = select(_run.c.project_id, _last.c.key).join(_run, _run.c.id == _last.c.run_id).distinct()
        parts = [ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE)]
        queries = [asked] if len(ids) > MANY else [asked.where(_last.c.run_id.in_(part)) for part in parts]
        for query in queries:
            for project, key in connection.execute(query):
                self._names[project].add(f"summary.{key}")


def leaf_names(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yield the dotted names of the values of a nested map."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaf_names(value, f"{before}{name}.")
        else:
            yield before + name


def _order(name: str, wanted: str) -> tuple[bool, bool, int, str]:
    """Return what to sort by: names whose last part is what is wanted, or begins with it, come first."""
    key = name.partition(".")[2].lower()
    ends = (key, key.rpartition(".")[2], key.rpartition("/")[2])
    return wanted not in ends, not any(end.startswith(wanted) for end in ends), len(name) if wanted else 0, name
