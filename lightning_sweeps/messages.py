"""What travels over HTTP, once for both ends: frozen data classes that FastAPI publishes and `client.py` decodes.

Times are seconds since the epoch (UTC). A parameter set is nested as the sweep file nests it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SweepState = Literal["running", "paused", "stopped", "cancelled", "finished"]
"""running: trials are handed out; paused: none are, running ones go on; stopped: none any more, running ones go on;
cancelled: running ones are ended too; finished: the space or `run_cap` is exhausted or the target is met."""

TrialState = Literal["pending", "leased", "running", "stopping", "finished", "stopped", "failed", "lost", "preempted"]
OPEN_TRIAL_STATES: frozenset[str] = frozenset({"pending", "leased", "running", "stopping"})
FINAL_TRIAL_STATES: frozenset[str] = frozenset({"finished", "stopped", "failed", "lost", "preempted"})

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Health:
    """The server's answer to "are you there"."""

    status: str
    version: str
    database: str


@dataclass(frozen=True, slots=True)
class LoginLink:
    """`path` logs a browser in, once, until `expires`; it stands behind the server's address."""

    path: str
    expires: float
    is_built: bool
    """Whether this server has the dashboard's page."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks: the name of the API key behind the request, and what it may do."""

    name: str
    version: str
    role: Role = "read"


@dataclass(frozen=True, slots=True)
class Command:
    """Something the server tells a service or an agent to do: `stop` the run or trial `target`."""

    kind: Literal["stop", "kill"]
    target: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IngestReply:
    """`offset`: bytes of the journal now committed; `commands`: stops for runs of this journal."""

    offset: int
    commands: list[Command] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """A record of a journal that could not be stored, and why; the rest of the journal was."""

    journal: str
    offset: int
    size_bytes: int
    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class JournalOutcome:
    """What became of one journal's part among several: `status` 200, or that of the refusal with its `problem`.

    `offset` is what the server has now, after a conflict (409) too.
    """

    journal: str
    offset: int
    commands: list[Command] = field(default_factory=list)
    status: int = 200
    problem: str = ""


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
    mode: str
    job_type: str
    state: str
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

    `sort`: without any, newest first. `columns`: what each row holds besides the id.
    """

    project: str | None = None
    filter: str = ""
    sort: list[SortKey] = field(default_factory=list)
    columns: list[str] = field(default_factory=lambda: ["name", "group", "rank", "state", "created", "rows"])
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class RunsPage:
    """`rows`: maps from column to value, `id` always among them. `total`: runs on all pages."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run that was written; `changed` is the server's time of it."""

    id: str
    project: str
    state: str
    rows: int
    changed: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written since the cursor that was asked with; ask next with `cursor`. A change may be told twice.

    `sweeps`: the ids of those of which the sweep itself, a trial or an agent changed. `is_cut`: more runs changed than
    are told one by one, and `runs` is empty.
    """

    cursor: float
    runs: list[RunChange]
    sweeps: list[str]
    nodes: list[str]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One logged key of a run or a node, in numbers over all its points."""

    key: str
    count: int
    first_step: int
    last_step: int
    last: float | str | None
    """`"nan"`, `"inf"` or `"-inf"` where it is not finite; None only where an earlier version wrote it as such."""
    minimum: float | None
    maximum: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value; `journal` and `sequence` name its row. Non-finite values are `"nan"`, `"inf"`, `"-inf"`."""

    journal: str
    sequence: int
    step: int
    time: float
    value: float | str
    is_abandoned: bool = False
    """Logged after the checkpoint from which a later attempt went on."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of a series drawn as one column of pixels: no finite value lies outside `minimum` and `maximum`.

    `nonfinite` of its `count` values are not finite; where all are, the four numbers are None.
    """

    step: float
    time: float
    minimum: float | None
    maximum: float | None
    mean: float | None
    last: float | None
    count: int
    nonfinite: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """`buckets` has at most as many entries as pixels were asked for."""

    owner: str
    key: str
    count: int
    buckets: list[Bucket]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One series to be drawn. Lines of one request that share a `group` (not empty) are drawn as one."""

    owner: str
    key: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Many series for charts that are `points` pixels wide.

    `x`: `step`; `time`: seconds since the epoch; `relative`: seconds since the run began; `key:<name>`: the value that
    was logged as `<name>` in the same row, or last before it. `low` and `high` zoom in; None: no border on that side.
    """

    lines: list[LineRequest]
    x: str = "step"
    low: float | None = None
    high: float | None = None
    points: int = 800
    with_abandoned: bool = False
    """Draw also what an attempt logged after the checkpoint from which a later one went on."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series as columns, one entry per bucket, by x. `count`: points stored in all; 0 where there is no such series.

    No finite value of a bucket lies outside its `minimum` and `maximum`; a bucket without finite values has None.
    """

    owner: str
    key: str
    count: int
    x: list[float]
    minimum: list[float | None]
    maximum: list[float | None]
    mean: list[float | None]
    last: list[float | None]
    counts: list[int]
    nonfinite: list[int]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """The lines of one group on one grid: over the members' means in each bucket, and how many members have one.

    `minimum` and `maximum` are those of every single value. A member counts only where it has points: nothing is
    filled in.
    """

    group: str
    members: int
    x: list[float]
    mean: list[float | None]
    median: list[float | None]
    deviation: list[float | None]
    minimum: list[float | None]
    maximum: list[float | None]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """`lines`: those of the request without a group, in its order; `groups`: in the order of their first line."""

    lines: list[Line]
    groups: list[GroupLine]


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One printed line; `id` grows, so that a reader can ask for what came after the last one it has."""

    time: float
    stream: str
    line: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """A logged file: an image, a sound, a table. Several of one key and step are told apart by `index`."""

    id: int
    """Grows; a reader asks for what came after the last one it has."""
    key: str
    step: int
    time: float
    rank: int
    digest: str
    """SHA-256 of its content, which `GET /api/blobs/{digest}` gives."""
    size_bytes: int
    mime: str
    caption: str
    index: int
    is_stored: bool
    """Whether the server has the content; it follows the row, from the machine that logged it."""


@dataclass(frozen=True, slots=True)
class MediaKey:
    """A key under which a run has logged files, in numbers."""

    key: str
    mime: str
    """That of the newest."""
    count: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an artifact: its place in it, with `/` between folders, and its content."""

    path: str
    digest: str
    size_bytes: int
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """One version of a named set of files in a project. `aliases` holds `latest` where it is the newest."""

    id: str
    project: str
    name: str
    version: int
    kind: str
    digest: str
    size_bytes: int
    metadata: dict[str, Any]
    aliases: list[str]
    created: float
    run: str | None
    """The run that made it; None where its row is not known here."""
    is_stored: bool
    """Whether the server has the contents of all its files."""


@dataclass(frozen=True, slots=True)
class ArtifactUse:
    """A run has made an artifact (`output`) or used it (`input`)."""

    role: Literal["output", "input"]
    time: float
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class AliasChange:
    """Aliases for a version of an artifact; each is taken from the version that had it."""

    aliases: list[str]


@dataclass(frozen=True, slots=True)
class BlobState:
    """How much of a content the server has: `offset` bytes of it, all where `is_stored`."""

    digest: str
    size_bytes: int
    offset: int
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    host: str
    cpu_count: int
    memory_bytes: int
    gpus: list[str]
    seen: float


@dataclass(frozen=True, slots=True)
class SweepCreate:
    """`config` is the sweep file as a map; `source` its text, kept as it was.

    `prior_sweeps` and `prior_runs`: ids of sweeps and runs whose results the search begins with.
    """

    config: dict[str, Any]
    source: str = ""
    project: str | None = None
    name: str | None = None
    prior_sweeps: list[str] = field(default_factory=list)
    prior_runs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SweepCreated:
    """`prior`: with how many results of others it begins."""

    id: str
    project: str
    warnings: list[str] = field(default_factory=list)
    prior: int = 0


SweepAction = Literal["create", "state", "update", "enqueue", "stop trial", "mark trial"]


@dataclass(frozen=True, slots=True)
class SweepChange:
    """What a person did to a sweep, with which key; `detail` says what it was before and is now."""

    time: float
    key: str
    action: SweepAction
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gang:
    """The agents that run one trial together, each on a machine of its own: `agents` by node rank.

    `endpoint`: `host:port` on the first one's machine, where the trial's processes meet.
    """

    endpoint: str
    agents: list[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """One parameter set and what became of it. `objective` is the best value reported, by the sweep's goal.

    `gpus` and `start_s` (seconds from the lease to the program's start) are those of the last attempt that told how it
    ended, `gpu_s` the GPU seconds of all of them; None before the first.
    """

    id: str
    sweep: str
    number: int
    """From 1, in the order in which the trials were suggested."""
    state: TrialState
    params: dict[str, Any]
    attempt: int
    agent: str | None
    objective: float | None
    last_objective: float | None
    reports: int
    reason: str
    exit_code: int | None
    stderr_tail: str
    created: float
    started: float | None
    ended: float | None
    gpus: int | None = None
    start_s: float | None = None
    gpu_s: float | None = None
    gang: Gang | None = None
    """Set while, and after, its last attempt ran on several machines; `agent` is the first of its agents."""
    ignored: bool = False
    """A person said that its value counts for nothing: not for the search, nor as the best."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep, its numbers, and its best trial so far."""

    id: str
    project: str
    name: str
    description: str
    state: SweepState
    reason: str
    method: str
    metric: str | None
    goal: Goal
    config: dict[str, Any]
    run_cap: int | None
    created: float
    ended: float | None
    counts: dict[str, int]
    """Trials per state."""
    best: Trial | None


@dataclass(frozen=True, slots=True)
class SweepStateChange:
    state: SweepState


@dataclass(frozen=True, slots=True)
class SweepUpdate:
    """A sweep's new configuration, as in `SweepCreate`: what it searches and how stays as it was."""

    config: dict[str, Any]
    source: str = ""


@dataclass(frozen=True, slots=True)
class TrialMark:
    """What a person says of a trial; None: as before."""

    ignored: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TrialEnqueue:
    """A parameter set to try: nested, or by dotted names; constants may be left out."""

    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentRegister:
    host: str
    node: str
    pid: int
    slot: int
    gpus: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    sweep: str
    host: str
    node: str
    pid: int
    slot: int
    gpus: list[str]
    state: Literal["idle", "working", "gone", "lost"]
    trial: str | None
    trials_done: int
    registered: float
    seen: float
    spent_s: dict[str, float] = field(default_factory=dict)
    """Seconds by what they went to, as the agent told last: `trials`, and why it was idle."""


@dataclass(frozen=True, slots=True)
class AgentRegistered:
    agent: Agent
    sweep: Sweep
    lease_s: float
    """An agent not heard of for this long loses its trial; heartbeat at a quarter of it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """`trial` is None where none is to be had now: see `sweep_state`; ask again while it is running or paused."""

    trial: Trial | None
    sweep_state: SweepState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentHeartbeat:
    """`spent_s`: what the agent's seconds went to until now; None to leave what it told before."""

    trial: str | None = None
    spent_s: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class AgentOrders:
    """The answer to a heartbeat: what the server wants. `lease_lost`: the trial it named is no longer its own."""

    sweep_state: SweepState
    commands: list[Command] = field(default_factory=list)
    lease_lost: bool = False


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial's processes ended: state `finished`, `failed`, `stopped` or `preempted`.

    `start_s`: seconds from the lease to the start of the program; `ran_s`: from there to its end.
    """

    state: TrialState
    exit_code: int | None = None
    reason: str = ""
    stderr_tail: str = ""
    start_s: float | None = None
    ran_s: float | None = None


Role = Literal["read", "write", "admin"]
"""read: look at all but keys; write: also log, run agents, change sweeps; admin: also keys and the audit log."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key by its name; `expires` is None for one that does not."""

    name: str
    role: Role
    created: float
    expires: float | None


@dataclass(frozen=True, slots=True)
class KeyCreate:
    name: str
    role: Role = "write"
    lasts_s: float | None = None


@dataclass(frozen=True, slots=True)
class KeyCreated:
    """`key` is shown here and never again."""

    key: str
    made: ApiKey


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A request that changed something: with which key, and how it was answered."""

    time: float
    key: str
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Problem:
    """The body of every error answer."""

    message: str
    hint: str = ""
    faults: list[dict[str, Any]] = field(default_factory=list)
