"""The records of a journal: one msgspec struct per kind, encoded as an array that begins with a one-letter tag.

New fields are added at the end and with a default, so that old journals stay readable. Times are seconds since the
epoch (UTC). `sequence` counts the records of a journal from 1; together with the journal's id, it identifies a row.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from lightning_sweeps.core.states import FINAL_RUN_STATES as FINAL_RUN_STATES
from lightning_sweeps.core.states import LoggerMode as LoggerMode
from lightning_sweeps.core.states import RunState as RunState
from lightning_sweeps.system.node import Process

Stream = Literal["stdout", "stderr", "stacks"]
"""stacks: the stacks of the threads of a stalled rank, in the copy of a journal."""


class RunInfo(Struct, array_like=True, frozen=True):
    """The run that a journal belongs to, and the rank of its writer."""

    id: str
    project: str
    name: str
    group: str
    rank: int = 0
    local_rank: int = 0
    world_size: int = 1
    node_rank: int = 0
    attempt: int = 0
    mode: LoggerMode = "single"
    job_type: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    sweep: str | None = None
    trial: str | None = None
    gpus: list[str] = field(default_factory=list)
    resumed_step: int | None = None
    """Step that this attempt resumed from. Rows of earlier attempts from this step on are abandoned."""


class GpuInfo(Struct, array_like=True, frozen=True):
    """A GPU of a node, or a MIG instance."""

    place: str
    """NVML index of the GPU, such as `1`, or of a MIG instance, such as `1:0`. Metrics of the node's samples begin with
    `gpu.<place>.`."""
    uuid: str
    name: str
    memory_bytes: int = 0


class NodeInfo(Struct, array_like=True, frozen=True):
    """The machine that a service's journal belongs to."""

    id: str
    host: str
    cpu_count: int = 0
    memory_bytes: int = 0
    gpus: list[str] = field(default_factory=list)
    """Name of each GPU, by NVML index."""
    devices: list[GpuInfo] = field(default_factory=list)
    """The same GPUs in the same order, with their ids."""


class Header(Struct, array_like=True, frozen=True, tag="h"):
    """The first record of every journal: its run or its node. Exactly one of `run` and `node` is set."""

    journal: str
    created: float
    process: Process
    run: RunInfo | None = None
    node: NodeInfo | None = None
    replaces: str = ""
    """Id of the journal that this one continues, because its file was deleted while the process was running."""
    parent: str = ""
    """Id of the journal of the run's main process, if a child of it writes this one. Empty: the main process does."""


class Metrics(Struct, array_like=True, frozen=True, tag="m"):
    """One `log()` call: one row. Values are numbers, booleans, strings or nested maps of them.

    Keys are not checked here, which keeps every call fast; the store converts them to text.
    """

    sequence: int
    step: int
    time: float
    values: dict[Any, Any]


class Config(Struct, array_like=True, frozen=True, tag="c"):
    """Configuration that was added or changed after the header was written."""

    sequence: int
    time: float
    values: dict[str, Any]


class Summary(Struct, array_like=True, frozen=True, tag="s"):
    """Summary values that the user set. They override the last logged value of the same name."""

    sequence: int
    time: float
    values: dict[str, Any]


class Labels(Struct, array_like=True, frozen=True, tag="l"):
    """A name, notes or tags that the program gave the run after the header was written. None leaves one unchanged."""

    sequence: int
    time: float
    name: str | None = None
    notes: str | None = None
    tags: list[str] | None = None


class Text(Struct, array_like=True, frozen=True, tag="t"):
    """One line of console output, without its newline."""

    sequence: int
    time: float
    stream: Stream
    line: str


class Media(Struct, array_like=True, frozen=True, tag="b"):
    """A reference to a blob: the file `Home.blob(digest)`, which is written before this record.

    Several records with the same key and step are one entry in the order of `index`: the images of one `log_image`.
    """

    sequence: int
    step: int
    time: float
    key: str
    digest: str
    size_bytes: int
    mime: str
    caption: str = ""
    index: int = 0


class ArtifactFileRecord(Struct, array_like=True, frozen=True):
    """One file of an artifact: its path, with `/` between folders, and its blob."""

    path: str
    digest: str
    size_bytes: int


class ArtifactRecord(Struct, array_like=True, frozen=True, tag="v"):
    """A version of an artifact that this run created (`output`) or used (`input`)."""

    sequence: int
    time: float
    name: str
    kind: str
    version: int
    digest: str
    role: Literal["output", "input"] = "output"
    aliases: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    files: list[ArtifactFileRecord] = field(default_factory=list)


class Heartbeat(Struct, array_like=True, frozen=True, tag="a"):
    """The process was alive at `time`."""

    sequence: int
    time: float


class Finish(Struct, array_like=True, frozen=True, tag="f"):
    """The end of the run, from one of three writers.

    Attributes:
        writer: `run`: the program called `finish`; `exit`: the interpreter ended without that call; `service`: the
            process is dead, and the service writes its exit status. A record from `service` overrides one from `exit`,
            but never one from `run`.
    """

    sequence: int
    time: float
    state: RunState
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    writer: Literal["run", "exit", "service"] = "run"


class Stall(Struct, array_like=True, frozen=True, tag="w"):
    """In a node's journal: a rank has logged nothing for a long time, with the stacks of its threads."""

    sequence: int
    time: float
    run: str
    rank: int
    since: float
    """Time of its last row."""
    where: str
    """A sentence that names the function in which the main thread waits."""
    stacks: str
    """The stacks of all its Python threads, as faulthandler prints them."""


class ProcessSample(Struct, array_like=True, frozen=True, tag="p"):
    """In a node's journal: resource usage of the processes of a run on that node.

    The values belong to the series `process:<run>`, not to the rows of the run.
    """

    sequence: int
    time: float
    run: str
    values: dict[str, float]


Record = (
    Header
    | Metrics
    | Config
    | Summary
    | Labels
    | Text
    | Media
    | ArtifactRecord
    | Heartbeat
    | Finish
    | Stall
    | ProcessSample
)
