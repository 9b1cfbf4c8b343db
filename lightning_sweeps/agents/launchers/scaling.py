"""Decides how many jobs a sweep needs. Pure: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lightning_sweeps.agents.launchers.base import Job
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SweepState

LIMITS = re.compile(r"(\d+)\.\.(\d+)")
OVER: frozenset[SweepState] = frozenset({"finished", "cancelled", "stopped"})


@dataclass(frozen=True, slots=True)
class Scale:
    """The smallest and the largest number of jobs."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What a sweep has to do.

    Attributes:
        state: state of the sweep.
        trials: trials that run or are still to run; None if nobody knows.
        idle_agents: agents that wait for a trial.
        slots: trials that one job runs at the same time.
    """

    state: SweepState
    trials: int | None
    idle_agents: int
    slots: int


@dataclass(frozen=True, slots=True)
class JobChange:
    """How the jobs must change."""

    submit: int = 0
    cancel: tuple[str, ...] = ()


def parse_scale(text: str) -> Scale:
    """Return the limits in a text such as `0..32`.

    Raises:
        UsageError: it has another form, or the limits are in the wrong order.
    """
    found = LIMITS.fullmatch(text)
    if found is None or not 0 <= int(found[1]) <= int(found[2]) or not int(found[2]):
        raise UsageError(f"`--scale {text}` was given, allowed: two numbers, the smaller one first, for example 0..32")
    return Scale(int(found[1]), int(found[2]))


def decide(scale: Scale, demand: Demand, jobs: Sequence[Job]) -> JobChange:
    """Return what to submit and what to cancel.

    Jobs that run are not cancelled: a job without a trial ends by itself (`--idle-timeout`). Of those that wait, the
    newest ones are cancelled first.

    Args:
        scale: the limits.
        demand: what the sweep has to do.
        jobs: the jobs, oldest first.
    """
    active = [job for job in jobs if job.is_active]
    wanted = _wanted(scale, demand, len(active))
    if wanted >= len(active):
        return JobChange(submit=wanted - len(active))
    waiting = [job.id for job in reversed(active) if job.state == "pending"]
    return JobChange(cancel=tuple(waiting[: len(active) - wanted]))


def _wanted(scale: Scale, demand: Demand, active: int) -> int:
    if demand.state in OVER:
        return 0
    if demand.state == "paused":
        return min(active, scale.high)
    if demand.trials is not None:
        wanted = -(-demand.trials // demand.slots)
    else:
        wanted = active if demand.idle_agents else scale.high
    return max(scale.low, min(wanted, scale.high))
