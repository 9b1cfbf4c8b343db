"""What a trial's ranks are told of it."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_sweeps import messages as m
from lightning_sweeps.core.handover import TrialFile


def describe_trial(trial: m.Trial, sweep: m.Sweep, *, gpus: Sequence[str] = ()) -> TrialFile:
    """Return the file's content; `gpus`: those of the trial on this node, as `CUDA_VISIBLE_DEVICES` names them."""
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
