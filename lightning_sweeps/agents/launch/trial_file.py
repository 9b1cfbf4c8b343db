"""Describes a trial for its ranks."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_sweeps import messages as m
from lightning_sweeps.core.handover import TrialFile


def describe_trial(trial: m.Trial, sweep: m.Sweep, *, gpus: Sequence[str] = ()) -> TrialFile:
    """Return the content of the trial's file.

    Args:
        trial: the trial.
        sweep: its sweep.
        gpus: the trial's GPUs on this node, as in the vendor's visibility variable.
    """
    return TrialFile(
        id=trial.id,
        sweep=sweep.id,
        sweep_name=sweep.name,
        project=sweep.project,
        number=trial.number,
        attempt=trial.attempt,
        params=trial.params,
        metric=sweep.metric,
        goal=sweep.goal,
        gpus=list(gpus),
    )
