"""Sweeps and their trials."""

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
class TrialChanges:
    """A sweep's trials that were written since the cursor that was asked with, by number; ask next with `cursor`.

    A change may be told twice.
    """

    cursor: float
    trials: list[Trial]


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
