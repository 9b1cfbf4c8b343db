"""What a journal holds: one msgspec struct per kind of record, encoded as an array behind its one-letter tag.

Fields are only ever added at the end and with a default, so that old journals stay readable.
Times are seconds since the epoch (UTC); `sequence` counts the records of one journal from 1 and, with the journal's id,
names a row for ever.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from lightning_sweeps.core.states import FINAL_RUN_STATES as FINAL_RUN_STATES
from lightning_sweeps.core.states import LoggerMode as LoggerMode
from lightning_sweeps.core.states import RunState as RunState
from lightning_sweeps.system.node import Process

Stream = Literal["stdout", "stderr"]


class RunInfo(Struct, array_like=True, frozen=True):
    """The run that a journal belongs to, and this writer's place in it."""

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
    """This attempt goes on from a checkpoint: rows of earlier attempts from this step on are an abandoned branch."""


class GpuInfo(Struct, array_like=True, frozen=True):
    """A GPU of a node, or a part of one that MIG divides."""

    place: str
    """`1`: as NVML counts; `1:0`: its first part. Keys of the node's samples begin with `gpu.<place>.`."""
    uuid: str
    name: str
    memory_bytes: int = 0


class NodeInfo(Struct, array_like=True, frozen=True):
    """The machine whose metrics a service's journal holds."""

    id: str
    host: str
    cpu_count: int = 0
    memory_bytes: int = 0
    gpus: list[str] = field(default_factory=list)
    """Name of each GPU, by NVML index."""
    devices: list[GpuInfo] = field(default_factory=list)
    """The same GPUs in the same order."""


class Header(Struct, array_like=True, frozen=True, tag="h"):
    """Always the first record: whose journal this is. Exactly one of `run` and `node` is set."""

    journal: str
    created: float
    process: Process
    run: RunInfo | None = None
    node: NodeInfo | None = None
    replaces: str = ""
    """The journal of the same process that this one goes on for, because its file was deleted."""


class Metrics(Struct, array_like=True, frozen=True, tag="m"):
    """One `log()` call: one row. Values are numbers, booleans, strings or nested maps of them.

    Keys are taken as they are: to check each for being text would cost every call; the store makes text of them.
    """

    sequence: int
    step: int
    time: float
    values: dict[Any, Any]


class Config(Struct, array_like=True, frozen=True, tag="c"):
    """Configuration that was added or changed after the header."""

    sequence: int
    time: float
    values: dict[str, Any]


class Summary(Struct, array_like=True, frozen=True, tag="s"):
    """Summary values set by the user; they stand above the last logged value of the same key."""

    sequence: int
    time: float
    values: dict[str, Any]


class Text(Struct, array_like=True, frozen=True, tag="t"):
    """One line of console output, without its newline."""

    sequence: int
    time: float
    stream: Stream
    line: str


class Media(Struct, array_like=True, frozen=True, tag="b"):
    """A reference to a content-addressed file: `Home.blob(digest)`, there before this record is.

    Several with one key and step are one entry, in the order of `index`: the images of one `log_image`.
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


class ArtifactFile(Struct, array_like=True, frozen=True):
    """One file of an artifact: its place in it, with `/` between folders, and its content as in `Media`."""

    path: str
    digest: str
    size_bytes: int


class Artifact(Struct, array_like=True, frozen=True, tag="v"):
    """A version of an artifact that this run has made (`output`) or used (`input`)."""

    sequence: int
    time: float
    name: str
    kind: str
    version: int
    digest: str
    role: Literal["output", "input"] = "output"
    aliases: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    files: list[ArtifactFile] = field(default_factory=list)


class Heartbeat(Struct, array_like=True, frozen=True, tag="a"):
    """The process was alive at `time`."""

    sequence: int
    time: float


class Finish(Struct, array_like=True, frozen=True, tag="f"):
    """The run's end as one writer saw it.

    `writer`: `run`: the program called `finish`; `exit`: the interpreter ended and nobody had; `service`: the process
    is dead, and the service saw how. A service's record stands above one of `exit`, never above one of `run`.
    """

    sequence: int
    time: float
    state: RunState
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    writer: Literal["run", "exit", "service"] = "run"


class Stall(Struct, array_like=True, frozen=True, tag="w"):
    """In a node's journal: a rank has logged nothing for long, and where its threads stand. Written by the service."""

    sequence: int
    time: float
    run: str
    rank: int
    since: float
    """When it logged last."""
    where: str
    """The place in the program where its main thread waits, in words."""
    stacks: str
    """The stacks of all its Python threads, as faulthandler prints them."""


class ProcessSample(Struct, array_like=True, frozen=True, tag="p"):
    """In a node's journal: what the processes of a run take there. Written by the service.

    These rows are no rows of the run: they are the series of its process, `process:<run>`.
    """

    sequence: int
    time: float
    run: str
    values: dict[str, float]


Record = Header | Metrics | Config | Summary | Text | Media | Artifact | Heartbeat | Finish | Stall | ProcessSample
