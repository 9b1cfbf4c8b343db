"""Answers questions about all runs from their columns in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from lightning_sweeps.core.states import RunsShown
from lightning_sweeps.store.run_index.categories import NONE, Categories
from lightning_sweeps.store.run_index.groups import Groups
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn, Mask
from lightning_sweeps.store.run_index.ordering import Key


class IndexedRuns:
    """All runs at the state of one transaction. Arrays have one value for each run, by its position.

    Attributes:
        ids: the runs' ids; their codes are the positions.
    """

    def __init__(
        self,
        ids: Categories,
        is_there: Mask,
        projects: LoadedColumn,
        columns: Mapping[str, LoadedColumn],
        find_groups: Callable[[], Groups],
    ) -> None:
        self.ids = ids
        self._find_groups = find_groups
        self._is_there = is_there
        self._projects = projects
        self._columns = columns

    @property
    def groups(self) -> Groups:
        """The groups of all runs."""
        return self._find_groups()

    def column(self, name: str, project_names: Mapping[str, str]) -> LoadedColumn:
        """Return a column.

        Args:
            name: its name; it was loaded, or is derived from others.
            project_names: the names of the projects by their ids.
        """
        if name == "project":
            return self._project_names(project_names)
        if name == "id":
            return LoadedColumn("text", codes=np.arange(len(self.ids), dtype=np.int32), categories=self.ids)
        if name == "group_size":
            return LoadedColumn("number", numbers=self.groups.sizes(self._kept()).astype(np.float64))
        if name == "group_state":
            states = self._columns["state"]
            worst = self.groups.worst_states(self._kept(), states.codes, states.categories.texts)
            return LoadedColumn("text", codes=worst, categories=states.categories)
        return self._columns[name]

    def shown(self, which: RunsShown) -> Mask:
        """Return the runs that a list shows, (n,)."""
        if which == "all":
            return self._is_there
        if which == "deleted":
            return self._is_there & ~self._columns["deleted"].is_missing()
        is_active = self._columns["archived"].is_missing()
        return self._kept() & (is_active if which == "active" else ~is_active)

    def in_projects(self, projects: Collection[str] | None) -> Mask:
        """Return the runs of projects with these ids, (n,); None: of all."""
        if projects is None:
            return self._is_there
        codes = [self._projects.categories.find(project) for project in projects]
        return np.isin(self._projects.codes, [code for code in codes if code >= 0])

    def state_counts(self) -> dict[str, int]:
        """Return the number of runs in each state that occurs."""
        states = self._columns["state"]
        counts = np.bincount(states.codes[self._is_there], minlength=len(states.categories))
        return {state: int(count) for state, count in zip(states.categories.texts, counts, strict=True) if count}

    def total(self, name: str) -> float:
        """Return the sum of a column of numbers over all runs."""
        return float(np.nansum(self._columns[name].numbers[self._is_there]))

    def newest_first(self) -> list[Key]:
        """Return the keys of the order newest first, and by rank within a job."""
        return [-self._columns["created"].numbers, self._columns["rank"].numbers, self._id_ranks()]

    def place(self, position: int) -> tuple[float, float, str]:
        """Return the creation, the rank and the id of a run: its place among equal runs."""
        created, rank = (float(self._columns[name].numbers[position]) for name in ("created", "rank"))
        return created, rank, self.ids.texts[position]

    def newest_first_key(self, created: float, rank: float, run_id: str) -> list[float]:
        """Return what `newest_first` has for a run at this place."""
        return [-created, rank, self.ids.rank(run_id)]

    def by_rank(self) -> list[Key]:
        """Return the keys of the order of runs in a group."""
        return [self._columns["rank"].numbers, self._columns["created"].numbers, self._id_ranks()]

    def _id_ranks(self) -> Key:
        return self.ids.ranks().astype(np.float64)

    def _kept(self) -> Mask:
        """Return the runs that are not in the trash, (n,)."""
        return self._is_there & self._columns["deleted"].is_missing()

    def _project_names(self, names: Mapping[str, str]) -> LoadedColumn:
        ids = self._projects.categories.texts
        categories = Categories()
        codes = np.array([categories.add(names.get(project)) for project in ids] or [NONE], np.int32)
        return LoadedColumn("text", codes=codes[self._projects.codes], categories=categories)
