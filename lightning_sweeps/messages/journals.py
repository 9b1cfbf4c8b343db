"""Journals on their way to the server, and what it has to say to who sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
class RejectedRecord:
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
