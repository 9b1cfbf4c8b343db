"""Stores in each checkpoint which run it belongs to, so that training resumes in the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

KEY = "lightning_sweeps"


@dataclass(frozen=True, slots=True)
class RunReference:
    """Identifies the runs of all ranks of a job.

    Attributes:
        job: the name of the job, as in `Identity`.
        number: the number of the logger in its process.
        project: the project of the runs.
        attempt: the attempt that wrote the checkpoint.
    """

    job: str
    number: int
    project: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The run and the step that a new attempt continues from.

    Attributes:
        run: the run to continue.
        step: the first step of the new attempt.
    """

    run: RunReference
    step: int


def write_run_reference(checkpoint: dict[str, Any], reference: RunReference) -> None:
    """Add `reference` to a checkpoint, in types that `torch.load(weights_only=True)` reads."""
    checkpoint[KEY] = asdict(reference)


def read_resume_point(checkpoint: dict[str, Any]) -> ResumePoint | None:
    """Return where training with `checkpoint` continues, or None if the checkpoint names no run."""
    try:
        return ResumePoint(RunReference(**checkpoint[KEY]), int(checkpoint["global_step"]))
    except (KeyError, TypeError):  # written without SweepCallback
        return None
