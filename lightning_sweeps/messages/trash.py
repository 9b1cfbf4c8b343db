"""Messages about what happens to runs, sweeps and projects after the fact: trash, archive, moving, editing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RunAction = Literal["delete", "restore", "archive", "unarchive", "move", "rename"]
"""delete: to the trash. restore: back from it. move: to another project. rename: all get one name."""


@dataclass(frozen=True, slots=True)
class RunChoice:
    """Chooses runs. A run must meet every condition that is given.

    Attributes:
        ids: ids of runs; empty: any.
        project: name of their project.
        group: name of their group.
        sweep: id of their sweep.
        filter: a filter as for the runs table.
    """

    ids: list[str] = field(default_factory=list)
    project: str | None = None
    group: str | None = None
    sweep: str | None = None
    filter: str = ""


@dataclass(frozen=True, slots=True)
class RunsChange:
    """A request to change all chosen runs.

    Attributes:
        choice: which runs.
        action: what to do with them.
        to_project: for `move`: the other project, which is created if it is new.
        with_running: True: runs that are running too; otherwise they are left as they are.
        is_preview: True: change nothing, and return what would be changed.
        to_name: for `rename`: the new name. A run whose name ends with its rank, such as `base-rank1`, keeps that end.
    """

    choice: RunChoice
    action: RunAction
    to_project: str | None = None
    with_running: bool = False
    is_preview: bool = False
    to_name: str | None = None


@dataclass(frozen=True, slots=True)
class RunsChanged:
    """What a change of runs did, or would do.

    Attributes:
        count: number of runs that were changed.
        rows: number of their rows.
        running: number of chosen runs that were left as they are, because they are running.
        runs: ids of the first runs that were changed.
    """

    count: int
    rows: int
    running: int
    runs: list[str]


@dataclass(frozen=True, slots=True)
class ProjectRename:
    """The new name of a project."""

    name: str


@dataclass(frozen=True, slots=True)
class Trash:
    """What is in the trash.

    Attributes:
        runs: number of runs.
        rows: number of their rows.
        sweeps: number of sweeps.
        oldest: when the first of them was deleted; None if the trash is empty.
        keep_s: seconds after which the server deletes them for good; None: never.
    """

    runs: int
    rows: int
    sweeps: int
    oldest: float | None
    keep_s: float | None


@dataclass(frozen=True, slots=True)
class TrashEmptied:
    """What a request deleted for good.

    Attributes:
        runs: number of runs.
        sweeps: number of sweeps.
        remaining: number of runs and sweeps that are still in the trash: ask again.
    """

    runs: int
    sweeps: int
    remaining: int
