"""Decides whether a trial runs again after an attempt that did not end by itself, and says how often it still may.

A preempted attempt and a lost one are counted apart. Preemption is normal: jobs have time limits, and spot machines are
taken away. A loss is a sign that something is wrong, unless the attempt continued from a later checkpoint than the ones
before: then the trial makes progress, and the earlier losses do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select

from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.settings import SweepSettings

Interruption = Literal["preempt", "lose"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a trial runs again, and the new counts of its interrupted attempts.

    Attributes:
        runs_again: whether it does.
        count: which interruption this was, and how many are left, as text for people.
        preemptions: number of preempted attempts.
        losses: number of lost attempts since the last one that made progress.
        resumed_step: the latest step from which an attempt continued; 0: none has continued.
    """

    runs_again: bool
    count: str
    preemptions: int
    losses: int
    resumed_step: int


def judge_interruption(
    connection: Connection, row: Row[Any], interruption: Interruption, settings: SweepSettings
) -> Verdict:
    """Return whether a locked trial runs again after its current attempt was preempted or lost."""
    preemptions, losses, resumed = row.preemptions or 0, row.losses or 0, row.resumed_step or 0
    latest = _latest_resumed_step(connection, row.id)
    if latest > resumed:
        losses, resumed = 0, latest
    if interruption == "preempt":
        preemptions += 1
        is_within = settings.max_preemptions is None or preemptions <= settings.max_preemptions
        return Verdict(is_within, _describe_preemption(preemptions, settings), preemptions, losses, resumed)
    losses += 1
    return Verdict(losses <= settings.retry, _describe_loss(losses, settings), preemptions, losses, resumed)


def _describe_preemption(preemptions: int, settings: SweepSettings) -> str:
    limit = settings.max_preemptions
    if limit is None:
        return f"preemption {preemptions}, without a limit"
    return f"preemption {preemptions}, `max_preemptions` is {limit}, {_left(limit - preemptions)}"


def _describe_loss(losses: int, settings: SweepSettings) -> str:
    return f"loss {losses}, `retry` is {settings.retry}, {_left(settings.retry - losses)}"


def _left(number: int) -> str:
    return f"{number} left" if number >= 0 else "no more"


def _latest_resumed_step(connection: Connection, trial_id: str) -> int:
    journal, run = schema.journal, schema.run
    query = select(func.max(journal.c.resumed_step)).join(run, run.c.id == journal.c.run_id)
    return connection.scalar(query.where(run.c.trial_id == trial_id)) or 0
