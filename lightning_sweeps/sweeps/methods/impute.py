"""What a model is told of trials that have no result of their own: failed ones, stopped ones, ones in flight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.methods.method import Imputation, Observation

MAX_VALUE = 1e30
"""A float whose square a model can still hold."""

Told = tuple[Any, float | None]
"""A trial, in whatever form, and the value to tell; None stands for one in flight."""


def impute(history: Sequence[Observation], imputation: Imputation) -> list[tuple[Observation, float | None]]:
    """Return the trials that tell something, each with the value to tell; None stands for one in flight.

    A stopped trial is no better than the median of the finished ones; one that failed or reported nothing usable gets
    the worst value known (or what `imputation` says); one that was lost tells nothing.
    """
    values = [tried.objective for tried in history if _is_usable(tried.objective)]
    finished = [tried.objective for tried in history if tried.state == "finished" and _is_usable(tried.objective)]
    known = [value for value in values if value is not None]
    middle = median(value for value in finished or values if value is not None) if known else 0.0
    told: list[tuple[Observation, float | None]] = []
    for tried in history:
        usable = tried.objective if _is_usable(tried.objective) else None
        if tried.state in OPEN_TRIAL_STATES:
            told.append((tried, _stand_in(imputation.running, tried, known) if imputation.running else None))
        elif tried.state == "finished" and usable is not None:
            told.append((tried, usable))
        elif tried.state == "stopped" and usable is not None:
            told.append((tried, max(usable, middle)))
        elif tried.state != "lost":
            told.append((tried, _stand_in(imputation.failed, tried, known)))
    return told


def _is_usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < MAX_VALUE


def _stand_in(how: str | bool, tried: Observation, known: list[float]) -> float:
    if how == "latest" and tried.last is not None and _is_usable(tried.last):
        return tried.last
    if not known:
        return 0.0
    return min(known) if how == "best" else max(known)
