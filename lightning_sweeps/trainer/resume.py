"""Which run a checkpoint belongs to: kept in every checkpoint, so that training goes on from it in the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

KEY = "lightning_sweeps"


@dataclass(frozen=True, slots=True)
class RunMark:
    """What names the runs of all ranks of a job.

    Attributes:
        job: as `Identity.job`.
        number: which logger of the process.
        project: the project of the runs.
        attempt: which attempt wrote the checkpoint.
    """

    job: str
    number: int
    project: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a further attempt goes on: with which run, from which step."""

    mark: RunMark
    step: int


def write_mark(checkpoint: dict[str, Any], mark: RunMark) -> None:
    """Put `mark` into a checkpoint, in types that `torch.load(weights_only=True)` reads."""
    checkpoint[KEY] = asdict(mark)


def read_resume_point(checkpoint: dict[str, Any]) -> ResumePoint | None:
    """Return where a training goes on with `checkpoint`, or None where that names no run."""
    try:
        return ResumePoint(RunMark(**checkpoint[KEY]), int(checkpoint["global_step"]))
    except (KeyError, TypeError):  # written without SweepCallback
        return None
