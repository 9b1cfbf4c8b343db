"""Messages about journals: replies to uploads, and commands for the sender."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Command:
    """Tells a service or an agent to stop or kill the run or trial `target`."""

    kind: Literal["stop", "kill"]
    target: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IngestReply:
    """Reply to an upload.

    Attributes:
        offset: number of committed bytes of the journal.
        commands: commands for the journal's run.
    """

    offset: int
    commands: list[Command] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JournalInfo:
    """The journal of one process that logged to a run.

    Attributes:
        id: the journal's id.
        rank: the writer's rank.
        attempt: the writer's attempt.
        rows: number of `log()` calls.
        created: when the journal began.
    """

    id: str
    rank: int
    attempt: int
    rows: int
    created: float


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record of a journal that could not be stored, with the reason. The rest of the journal is stored."""

    journal: str
    offset: int
    size_bytes: int
    reason: str
    time: float
    run: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedJournal:
    """A journal that stays on its machine, because it cannot be read or the server refused it several times.

    Attributes:
        id: the journal's id.
        run_id: the run; None if the journal cannot be read, or is not of a run.
        host: name of the machine.
        path: the file there.
        reason: why it was refused.
        time: when it was rejected.
    """

    id: str
    run_id: str | None
    host: str
    path: str
    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class Rejections:
    """Everything that was rejected, because it could not be stored.

    Attributes:
        journals: the newest journals.
        records: the records, at most 1000.
        record_count: number of all records.
    """

    journals: list[RejectedJournal]
    records: list[RejectedRecord]
    record_count: int


@dataclass(frozen=True, slots=True)
class RetryResult:
    """Result of trying records again.

    Attributes:
        stored: number of records that are stored now.
        left: number of records that are still set rejected.
    """

    stored: int
    left: int


@dataclass(frozen=True, slots=True)
class JournalOutcome:
    """Result for one journal of an upload of several.

    Attributes:
        offset: number of committed bytes of the journal, also after a conflict (409).
        commands: commands for the journal's run.
        status: 200, or the HTTP status of the failure.
        problem: message of the failure.
    """

    journal: str
    offset: int
    commands: list[Command] = field(default_factory=list)
    status: int = 200
    problem: str = ""
