"""What the tables of a statement are filled with. Each list is fetched when a table first needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from lightning_sweeps import messages as m
from lightning_sweeps.api.rows import Row
from lightning_sweeps.client import Client
from lightning_sweeps.client.runs import PAGE_RUNS

RUN_COLUMNS = (
    *("project", "name", "group", "rank", "world_size", "state", "reason", "exit_code", "sweep", "trial", "attempt"),
    *("job_type", "host", "user", "created", "updated", "ended", "rows", "tags", "notes", "config", "summary"),
)
"""Columns of the runs table of the server that `runs`, `config` and `summary` are made of."""


@dataclass(frozen=True)
class Source:
    """The runs and sweeps that a statement may see.

    Attributes:
        client: the connection.
        project: only this project; None: all that the key may read.
        filter_text: only runs that match; empty: all.
        keys: only series of these metrics; empty: of all.
    """

    client: Client
    project: str | None
    filter_text: str
    keys: Sequence[str]

    @cached_property
    def runs(self) -> list[Row]:
        """The runs, newest first."""
        query = m.RunsQuery(self.project, self.filter_text, columns=list(RUN_COLUMNS), limit=PAGE_RUNS)
        return list(chain.from_iterable(self.client.all_runs(query)))

    @cached_property
    def sweeps(self) -> list[m.Sweep]:
        """The sweeps, newest first."""
        return self.client.sweeps(project=self.project)

    @cached_property
    def trials(self) -> list[m.Trial]:
        """The trials of these sweeps, by number."""
        return [trial for sweep in self.sweeps for trial in self.client.trials(sweep.id)]

    @cached_property
    def series(self) -> list[tuple[str, m.SeriesInfo]]:
        """The series of these runs, each with the id of its run."""
        found = ((run["id"], info) for run in self.runs for info in self.client.keys(run["id"]))
        return [(run_id, info) for run_id, info in found if not self.keys or info.key in self.keys]
