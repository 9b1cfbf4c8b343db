"""Messages about runs: the run, the runs table, console lines, and changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from lightning_sweeps.core.cells import ShownInCells
from lightning_sweeps.core.states import LoggerMode, RunsShown, RunState
from lightning_sweeps.messages.columns import Column

ConsoleStream = Literal["stdout", "stderr", "stacks", "event"]
"""stacks: the stacks of all Python threads of a rank that hung. event: what happened to a run, such as the end of a
child process."""


@dataclass(frozen=True, slots=True, repr=False)
class RunDetails(ShownInCells):
    """A run. Each field declares its column; add new fields at the end, with a default."""

    id: Annotated[str, Column("Id of the run.", header="run.id", filter_as="text")]
    project: Annotated[str, Column("Name of the project.", filter_as="text", is_stored=False)]
    name: Annotated[str, Column("Name of the run.", header="run.name", filter_as="text")]
    group: Annotated[
        str, Column("Group of runs that belong together: the ranks of a job.", header="run.group", filter_as="text")
    ]
    rank: Annotated[int, Column("Global rank.", header="run.rank", update="writer", filter_as="number")]
    world_size: Annotated[int, Column("Number of ranks.", header="run.world_size", update="writer", filter_as="number")]
    attempt: Annotated[
        int, Column("Latest attempt; each restart is one.", header="run.attempt", update="writer", filter_as="number")
    ]
    mode: Annotated[
        LoggerMode, Column("How ranks log: `single`, `grouped`, `shared`.", header="run.mode", filter_as="text")
    ]
    job_type: Annotated[
        str, Column("Role of the run, for example `train` or `eval`.", header="run.job_type", filter_as="text")
    ]
    state: Annotated[RunState, Column("State: `running`, `finished`, `failed`, ...", filter_as="text")]
    reason: Annotated[str, Column("Why the run failed, was stopped, or makes no progress.", filter_as="text")]
    exit_code: Annotated[int | None, Column("Exit code of the process.", filter_as="number")]
    signal: Annotated[int | None, Column("Signal that ended the process.", filter_as="number")]
    host: Annotated[str, Column("Host name.", header="process.host", update="writer", filter_as="text")]
    node: Annotated[
        str,
        Column("Id of the machine.", header="process.node", update="writer", filter_as="text", stored_as="node_id"),
    ]
    config: Annotated[dict[str, Any], Column("Configuration, nested.", header="run.config", update="merge")]
    summary: Annotated[dict[str, Any], Column("Last logged value of each key, and values set by the user.")]
    tags: Annotated[list[str], Column("Tags.", header="run.tags", update="merge")]
    notes: Annotated[str, Column("Notes.", header="run.notes", filter_as="text")]
    sweep: Annotated[
        str | None,
        Column("Id of the sweep.", header="run.sweep", update="attempt", filter_as="text", stored_as="sweep_id"),
    ]
    trial: Annotated[
        str | None,
        Column("Id of the trial.", header="run.trial", update="attempt", filter_as="text", stored_as="trial_id"),
    ]
    created: Annotated[float, Column("When the run started.", filter_as="time")]
    updated: Annotated[float, Column("When the run logged last.", filter_as="time")]
    ended: Annotated[float | None, Column("When the run ended.", filter_as="time")]
    rows: Annotated[
        int, Column("Committed `log()` calls of all writers and attempts.", filter_as="number", is_long=True)
    ]
    user: Annotated[
        str, Column("User that started the process.", header="process.user", update="writer", filter_as="text")
    ] = ""
    command: Annotated[list[str], Column("Command line.", header="process.command", update="writer")] = field(
        default_factory=list
    )
    gpus: Annotated[
        list[str], Column("GPUs of the process, as in CUDA_VISIBLE_DEVICES.", header="run.gpus", update="writer")
    ] = field(default_factory=list)
    local_rank: Annotated[
        int, Column("Rank on the machine.", header="run.local_rank", update="writer", filter_as="number")
    ] = 0
    node_rank: Annotated[
        int, Column("Rank of the machine.", header="run.node_rank", update="writer", filter_as="number")
    ] = 0
    rejected: Annotated[int | None, Column("Number of records that could not be stored.", filter_as="number")] = None
    archived: Annotated[float | None, Column("When it was archived.", filter_as="time")] = None
    deleted: Annotated[float | None, Column("When it was moved to the trash.", filter_as="time")] = None
    deleted_by: Annotated[str | None, Column("Name of the API key that moved it to the trash.", filter_as="text")] = (
        None
    )
    thinned: Annotated[float | None, Column("When its old rows were thinned.", filter_as="time")] = None
    rows_deleted: Annotated[float | None, Column("When its old rows were deleted.", filter_as="time")] = None
    console_bytes: Annotated[
        int | None, Column("Size of the lines that it printed, in bytes.", filter_as="number", is_long=True)
    ] = None
    created_by: Annotated[str | None, Column("Name of the API key that sent its first row.", filter_as="text")] = None

    def _facts(self) -> dict[str, Any]:
        rank = f"{self.rank} of {self.world_size}" if self.world_size > 1 else None
        facts = {"id": self.id, "project": self.project, "name": self.name, "group": self.group, "rank": rank}
        ended = {"state": self.state, "reason": self.reason, "rows": self.rows}
        return facts | ended | {"config": self.config, "summary": self.summary}


@dataclass(frozen=True, slots=True)
class RunLabels:
    """What a person gives a run; None leaves it unchanged.

    Attributes:
        tags: all tags.
        notes: the notes.
        name: the name.
        config: nested values to add to the configuration, or to replace in it.
    """

    tags: list[str] | None = None
    notes: str | None = None
    name: str | None = None
    config: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RunList:
    """A page of runs.

    Attributes:
        runs: the runs.
        total: number of runs on all pages.
        next_page: the `cursor` of the next page; None: this is the last one.
    """

    runs: list[RunDetails]
    total: int
    next_page: str | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column to sort by."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RunsQuery:
    """Asks for one page of the runs table. The guide to the HTTP API describes the filter language and the columns.

    Attributes:
        project: only runs of this project; None: of all projects.
        filter: a filter; empty: all runs.
        sort: columns to sort by; empty: newest first.
        columns: columns of each row, besides the id.
        limit: maximum number of rows.
        offset: number of rows to skip.
        fold: True: one row per group, its lowest rank, for each group with a run that matches the filter.
        shown: which runs: `active`, `archived`, `deleted` (in the trash) or `all`.
        cursor: `next_page` of the page before, to read all rows; None: begin with the first row. `offset` then counts
            from there.
    """

    project: str | None = None
    filter: str = ""
    sort: list[SortKey] = field(default_factory=list)
    columns: list[str] = field(default_factory=lambda: ["name", "group", "rank", "state", "created", "rows"])
    limit: int = 100
    offset: int = 0
    fold: bool = False
    shown: RunsShown = "active"
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of the runs table.

    Attributes:
        rows: maps from column to value; they always have `id`.
        total: number of runs on all pages; of groups, if folded.
        next_page: the `cursor` of the next page; None: this is the last one.
    """

    rows: list[dict[str, Any]]
    total: int
    next_page: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """A value of a column, and the number of runs that have it."""

    value: str | float
    runs: int


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run that changed, and the server's time of the change."""

    id: str
    project: str
    state: RunState
    rows: int
    changed: float


@dataclass(frozen=True, slots=True)
class Change:
    """The id of something that changed, and the server's time of the change."""

    id: str
    changed: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor. A change may be reported twice.

    Attributes:
        cursor: pass it to the next request.
        runs: runs that changed.
        sweeps: sweeps that changed, including those with a changed trial or agent.
        nodes: nodes that changed.
        is_cut: True: too many runs have changed to list them, and `runs` is empty.
    """

    cursor: float
    runs: list[RunChange]
    sweeps: list[Change]
    nodes: list[Change]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One printed line. Ids increase, so that a reader can ask for the lines after the last one it has."""

    time: float
    stream: ConsoleStream
    line: str
    id: int = 0
    run: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class NumberedLine(ConsoleLine):
    """A printed line with its number, from 1, among all lines of its run or group."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class ConsoleWindow:
    """Some of the lines that match a query, and how many match it."""

    total: int
    lines: list[NumberedLine]
