"""The values that a model sees for trials without a result: failed, stopped and running ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.methods.method import Imputation, Observation

MAX_VALUE = 1e30
"""Largest usable value: a model squares values, and the square must fit a float."""

Labelled = tuple[Any, float | None]
"""A trial in any form and the value that the model sees; None: the trial is running."""


def impute(history: Sequence[Observation], imputation: Imputation) -> list[tuple[Observation, float | None]]:
    """Return the trials that a model learns from, each with its value; None for a running trial.

    A finished trial has its own value. A stopped trial is no better than the median of the finished ones. A trial that
    failed or reported no usable value has the worst known value, or the value in `imputation`. Lost trials are left
    out.
    """
    values = [trial.objective for trial in history if _is_usable(trial.objective)]
    finished = [trial.objective for trial in history if trial.state == "finished" and _is_usable(trial.objective)]
    known = [value for value in values if value is not None]
    middle = median(value for value in finished or values if value is not None) if known else 0.0
    labelled: list[tuple[Observation, float | None]] = []
    for trial in history:
        usable = trial.objective if _is_usable(trial.objective) else None
        if trial.state in OPEN_TRIAL_STATES:
            labelled.append((trial, _replacement(imputation.running, trial, known) if imputation.running else None))
        elif trial.state == "finished" and usable is not None:
            labelled.append((trial, usable))
        elif trial.state == "stopped" and usable is not None:
            labelled.append((trial, max(usable, middle)))
        elif trial.state != "lost":
            labelled.append((trial, _replacement(imputation.failed, trial, known)))
    return labelled


def _is_usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < MAX_VALUE


def _replacement(how: str | bool, trial: Observation, known: list[float]) -> float:
    if how == "latest" and trial.last is not None and _is_usable(trial.last):
        return trial.last
    if not known:
        return 0.0
    return min(known) if how == "best" else max(known)
