"""Describes a trial for its ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
        point=trial.point,
        repeat=trial.repeat,
        seed=trial.repeat if sweep.repeats > 1 else None,
    )


def with_seed(trial: m.Trial, sweep: m.Sweep) -> m.Trial:
    """Return the trial with its seed among the parameters, if the sweep file names a parameter for it."""
    repeats = sweep.config.get("repeats")
    name = repeats.get("seed") if isinstance(repeats, dict) else None
    return trial if name is None else replace(trial, params=trial.params | {name: trial.repeat})
