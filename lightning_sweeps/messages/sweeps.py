"""Messages about sweeps and trials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lightning_sweeps.core.cells import ShownInCells

SweepState = Literal["running", "paused", "stopped", "cancelled", "finished"]
"""running: trials are leased. paused: no trials are leased; running trials continue. stopped: like paused, but final.
cancelled: running trials are stopped too. finished: the space or `run_cap` is exhausted, or the target is met."""

TrialState = Literal[
    "pending", "leased", "running", "stopping", "ending", "finished", "stopped", "failed", "lost", "preempted"
]
"""ending: the processes have ended, the slot is free, and the last rows of the journals are on their way."""

OPEN_TRIAL_STATES: frozenset[str] = frozenset({"pending", "leased", "running", "stopping", "ending"})

FINAL_TRIAL_STATES: frozenset[str] = frozenset({"finished", "stopped", "failed", "lost", "preempted"})
FAILED_TRIAL_STATES: frozenset[str] = frozenset({"failed", "lost"})

Goal = Literal["minimize", "maximize"]

PointOrigin = Literal["model", "random", "method", "user", "repeat"]
"""model: a fitted model chose the point. random: the model chose no new point, so it was drawn at random. method: a
method without a model, or an initial point. user: a user added it. repeat: another trial of a point that has trials."""


@dataclass(frozen=True, slots=True)
class SweepCreate:
    """A request to create a sweep.

    Attributes:
        config: the sweep file as a map.
        source: the text of the sweep file, unchanged.
        project: the sweep's project; overrides the sweep file.
        name: the sweep's name; overrides the sweep file.
        prior_sweeps: ids of sweeps. The search starts with their results.
        prior_runs: ids of runs. The search starts with their results.
    """

    config: dict[str, Any]
    source: str = ""
    project: str | None = None
    name: str | None = None
    prior_sweeps: list[str] = field(default_factory=list)
    prior_runs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SweepCreated:
    """A sweep that was created. `prior`: number of earlier results that the search starts with."""

    id: str
    project: str
    warnings: list[str] = field(default_factory=list)
    prior: int = 0


SweepAction = Literal[
    "create", "state", "update", "extend", "enqueue", "retry", "stop trial", "mark trial", "delete", "restore"
]


@dataclass(frozen=True, slots=True)
class SweepChange:
    """A change that a user made to a sweep. `key`: name of the user's API key. `detail`: what changed."""

    time: float
    key: str
    action: SweepAction
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gang:
    """The agents that run one trial together, each on a different machine.

    Attributes:
        endpoint: `host:port` on the first agent's machine, where the trial's processes connect.
        agents: ids of the agents, by node rank.
    """

    endpoint: str
    agents: list[str]


@dataclass(frozen=True, slots=True, repr=False)
class Trial(ShownInCells):
    """A trial: one parameter set and its results.

    `objective` is the best reported value by the sweep's goal. `gpus` and `start_s` (seconds from the lease to the
    program's start) are those of the last attempt that ended, `gpu_s` the GPU seconds of all attempts; None until the
    first attempt has ended.
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
    """The gang of the last attempt, if it ran on several machines. `agent` is the first agent of the gang."""
    ignored: bool = False
    """A user ignores the trial: the search does not use its value, and it cannot be the best trial."""
    note: str = ""
    end_number: int | None = None
    """Position among the trials of the sweep that have ended, from 1. It gives the order of the results."""
    chosen_by: PointOrigin | None = None
    known_ends: int | None = None
    """Number of ended trials whose results the search method knew. None: the point does not depend on results."""
    unseen_ends: int | None = None
    """Number of trials that had ended when this one was leased, and whose results the search method did not know."""
    error: str = ""
    """Why the trial failed, in one line: its reason, or the last line of its error output. Empty if it did not fail."""
    discarded: bool = False
    """A user discarded the trial: its point is free again, and the trial does not count in the sweep."""
    point: int = 0
    """Number of the point, from 1. Without repeats, each trial has its own point."""
    repeat: int = 1
    """Which trial of its point it is, from 1. In a sweep with repeats, this is its seed."""
    values: dict[str, float] = field(default_factory=dict)
    """In a sweep with several `metrics`, the last value of each."""

    def _facts(self) -> dict[str, Any]:
        value = {"objective": self.objective, "params": self.params}
        return {"number": self.number, "state": self.state, **value, "reason": self.reason, "id": self.id}


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """A parameter set of a sweep with repeats, and what its trials found.

    Attributes:
        number: number of the point, from 1.
        params: the parameter set.
        state: `pending` or `running` until its trials have ended; then `stopped` if one was stopped, `finished` if one
            finished, or how they ended.
        value: mean of the values of its trials, or what `repeats.judge` says; None: no trial has a value.
        spread: sample standard deviation of these values; None: fewer than two.
        error: standard error of their mean.
        values: number of these values.
        wanted: number of trials that the point has or gets.
        failed: number of trials that failed, were lost or preempted.
        stopped: number of trials that were stopped.
        trials: numbers of its trials.
        best_trial: number of the trial with the best value.
        end_number: position of its last ended trial among the ended trials of the sweep, from 1.
    """

    number: int
    params: dict[str, Any]
    state: TrialState
    value: float | None
    spread: float | None
    error: float | None
    values: int
    wanted: int
    failed: int
    stopped: int
    trials: list[int]
    best_trial: int | None
    end_number: int | None


@dataclass(frozen=True, slots=True)
class TrialAttempt:
    """An earlier attempt of a trial that ran again.

    `number` counts from 1, `objective` is its best value, and `error` says in one line why it failed.
    """

    number: int
    state: TrialState
    reason: str
    exit_code: int | None
    stderr_tail: str
    agent: str | None
    objective: float | None
    reports: int
    started: float | None
    ended: float
    gpus: int | None
    gpu_s: float | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class TrialChanges:
    """A sweep's trials that changed since the cursor of the request, by number. The next request uses `cursor`.

    A change may be reported twice. `points`: the points of these trials, in a sweep with repeats.
    """

    cursor: float
    trials: list[Trial]
    points: list[SweepPoint] = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class Sweep(ShownInCells):
    """A sweep, its trial counts, and its best trial so far."""

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
    """Number of trials in each state."""
    best: Trial | None
    origins: dict[str, int] = field(default_factory=dict)
    """Number of trials by what chose their point, see `PointOrigin`. Trials of older versions are left out."""
    created_by: str = ""
    """Name of the API key that created the sweep."""
    usage: SweepUsage | None = None
    """What a sweep with a budget has used."""
    repeats: int = 1
    """Number of trials of each point."""
    best_point: SweepPoint | None = None
    """The best point of a sweep with repeats. `best` is its best trial."""

    def _facts(self) -> dict[str, Any]:
        best = self.best
        facts = {"id": self.id, "project": self.project, "name": self.name, "state": self.state, "reason": self.reason}
        searched = {"method": self.method, "metric": self.metric, "goal": self.goal if self.metric else None}
        found = {"trial": best.number, "objective": best.objective, "params": best.params} if best else None
        return {**facts, **searched, "trials": self.counts, "best": found}


@dataclass(frozen=True, slots=True)
class SweepUsage:
    """What a sweep has used by now, running trials included.

    Attributes:
        trials: trials that count.
        gpu_hours: GPU hours of all attempts.
        hours: hours in which at least one trial ran.
        cost: cost of the GPU hours; None if the budget has no price.
    """

    trials: int
    gpu_hours: float
    hours: float
    cost: float | None


@dataclass(frozen=True, slots=True)
class SearchInputs:
    """What a sweep's search started with.

    Attributes:
        seed: the seed of the sweep.
        prior: parameter sets of earlier results and their values of the metric; None: the sweep has no metric.
    """

    seed: int
    prior: list[tuple[dict[str, Any], float | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SweepStateChange:
    """A request to pause, resume, stop or cancel a sweep."""

    state: SweepState


@dataclass(frozen=True, slots=True)
class SweepUpdate:
    """A request to change the configuration of a sweep, except its project, and the names and goals of its metrics.

    `config` and `source` are those of `SweepCreate`.
    """

    config: dict[str, Any]
    source: str = ""


@dataclass(frozen=True, slots=True)
class SweepExtend:
    """A request for more trials. `trials`: how many more than `run_cap`."""

    trials: int


@dataclass(frozen=True, slots=True)
class RetryFailed:
    """A request to run the failed trials of a sweep again.

    Attributes:
        error: only trials whose error, reason or error output contains this text, in any case; empty: all.
    """

    error: str = ""


@dataclass(frozen=True, slots=True)
class TrialMark:
    """A request to ignore a trial, to discard it, or to set its note. None: no change."""

    ignored: bool | None = None
    note: str | None = None
    discarded: bool | None = None


@dataclass(frozen=True, slots=True)
class TrialEnqueue:
    """A request to try a parameter set, nested or with dotted names. Constants may be left out."""

    params: dict[str, Any]
