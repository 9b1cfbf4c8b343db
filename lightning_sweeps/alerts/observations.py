"""Defines what rules look at: the state of sweeps, runs and machines at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lightning_sweeps.core.states import RunState
from lightning_sweeps.messages import Sweep


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """A sweep that has changed.

    Attributes:
        sweep: the sweep.
        edits: number of changes that people made to it. A sweep that a person continues may be paused again.
    """

    sweep: Sweep
    edits: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run that has changed.

    Attributes:
        group: the group of its ranks; its own id if it has none.
        ended: when it ended; None: it is running.
        values: last logged values by metric; numbers that are not finite are the strings `nan`, `inf` and `-inf`.
        objective: metric of its sweep; None: it belongs to none, or the sweep has no metric.
    """

    id: str
    project: str
    name: str
    group: str
    attempt: int
    state: RunState
    reason: str
    sweep: str | None
    ended: float | None
    values: Mapping[str, Any]
    objective: str | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A printed line that is an event. `number`: id of the line."""

    kind: Literal["rank_hangs", "run_alert"]
    number: int
    line: str
    run: RunFacts


@dataclass(frozen=True, slots=True)
class MachineRun:
    """A run that runs on a machine or a GPU."""

    id: str
    project: str
    name: str
    sweep: str | None


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """A machine. `silent_s`: since it has sent something, as far as the server could hear it."""

    id: str
    host: str
    seen: float
    silent_s: float
    runs: tuple[MachineRun, ...]


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """A GPU with its last sample.

    Attributes:
        place: its index on the machine.
        percent: its utilization; None: unknown.
        temperature_c: its temperature; None: unknown.
        runs: the runs on it.
        idle_s: for how long it has been idle.
    """

    node: str
    host: str
    place: str
    name: str
    percent: float | None
    temperature_c: float | None
    runs: tuple[MachineRun, ...]
    idle_s: float = 0.0

    @property
    def key(self) -> str:
        """Identifies the GPU among those of all machines."""
        return f"{self.node} {self.place}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server knows at one moment. `now`: the time, in seconds since the epoch."""

    now: float
    sweeps: tuple[SweepFacts, ...] = ()
    runs: tuple[RunFacts, ...] = ()
    lines: tuple[LineFacts, ...] = ()
    machines: tuple[MachineFacts, ...] = ()
    gpus: tuple[GpuFacts, ...] = field(default=())
