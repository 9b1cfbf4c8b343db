"""Runs, their table, their console lines, and what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lightning_sweeps.core.states import LoggerMode, RunState

ConsoleStream = Literal["stdout", "stderr", "stacks"]
"""stacks: the stacks of all Python threads of a rank that hung."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the server has it."""

    id: str
    project: str
    name: str
    group: str
    rank: int
    world_size: int
    attempt: int
    mode: LoggerMode
    job_type: str
    state: RunState
    reason: str
    exit_code: int | None
    signal: int | None
    host: str
    node: str
    config: dict[str, Any]
    summary: dict[str, Any]
    tags: list[str]
    notes: str
    sweep: str | None
    trial: str | None
    created: float
    updated: float
    ended: float | None
    rows: int
    """Rows (log calls) committed, over all writers and attempts."""
    user: str = ""
    command: list[str] = field(default_factory=list)
    gpus: list[str] = field(default_factory=list)
    """The GPUs it was given, as CUDA_VISIBLE_DEVICES named them."""


@dataclass(frozen=True, slots=True)
class RunLabels:
    """What people write at a run; None leaves what is there."""

    tags: list[str] | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class RunList:
    runs: list[Run]
    total: int


@dataclass(frozen=True, slots=True)
class SortKey:
    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RunsQuery:
    """A page of the runs table. The filter language and the columns are in docs/api.md.

    `sort`: without any, newest first. `columns`: what each row holds besides the id. `fold`: one row a group, its
    lowest rank, of each group that has a run which the filter chooses.
    """

    project: str | None = None
    filter: str = ""
    sort: list[SortKey] = field(default_factory=list)
    columns: list[str] = field(default_factory=lambda: ["name", "group", "rank", "state", "created", "rows"])
    limit: int = 100
    offset: int = 0
    fold: bool = False


@dataclass(frozen=True, slots=True)
class RunsPage:
    """`rows`: maps from column to value, `id` always among them. `total`: runs on all pages; groups, if folded."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run that was written; `changed` is the server's time of it."""

    id: str
    project: str
    state: RunState
    rows: int
    changed: float


@dataclass(frozen=True, slots=True)
class Change:
    """What was written, by its id; `changed` is the server's time of it."""

    id: str
    changed: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written since the cursor that was asked with; ask next with `cursor`. A change may be told twice.

    `sweeps`: those of which the sweep itself, a trial or an agent changed. `is_cut`: more runs changed than are told
    one by one, and `runs` is empty.
    """

    cursor: float
    runs: list[RunChange]
    sweeps: list[Change]
    nodes: list[Change]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One printed line; `id` grows, so that a reader can ask for what came after the last one it has."""

    time: float
    stream: ConsoleStream
    line: str
    id: int = 0
    run: str = ""
    rank: int = 0
