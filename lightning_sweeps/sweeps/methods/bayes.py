"""Bayesian optimisation with Optuna's Gaussian process sampler, rebuilt from the stored trials at every question.

The engine sees coordinates only (see `dimensions.py`). Around it: the first points are a Latin hypercube; trials that
failed or were stopped are told with an imputed value, since the sampler ignores all but completed and running ones;
trials in flight are told as running, so that parallel agents get different points; no point is given twice; and the
fit sees a bounded number of trials. Imported in the suggestion worker only: it loads torch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from random import Random
from statistics import median
from typing import Any

import optuna
import torch
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.dimensions import Dimension, Number
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.methods.startup import first_point, needs_model
from lightning_sweeps.sweeps.space import Space

MAX_BEST, MAX_NEWEST, MAX_RANDOM = 100, 50, 50
"""Which trials a fit sees where there are more: its cost grows with their number cubed."""

MAX_VALUE = 1e30
"""A float whose square the model can still hold."""

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Bayes:
    """Fits a Gaussian process to what is known and takes the point with the best expected improvement."""

    def __init__(self, imputation: Imputation | None = None) -> None:
        self._imputation = imputation or Imputation()

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        if not needs_model(space, history, number=number):
            return first_point(space, history, number=number, seed=seed)
        seen = {space.identity(tried.params) for tried in history}
        if space.size is not None and len(seen) >= space.size:
            return None
        known = sorted(history, key=lambda tried: tried.number)
        params = self._fitted(space, known, Random(f"{seed}:{number}:fit"))
        if space.identity(params) in seen:
            return draw_new(space, seen, generator(seed, number))
        return params

    def _fitted(self, space: Space, history: list[Observation], rng: Random) -> dict[str, Any]:
        searched = [dimension for dimension in space.dimensions if dimension.kind == "float" or dimension.levels > 1]
        distributions = {dimension.name: _distribution(dimension) for dimension in searched}
        sampler = optuna.samplers.GPSampler(seed=rng.randrange(2**32), n_startup_trials=1)
        study = optuna.create_study(sampler=sampler, direction="minimize")
        study.add_trials(
            [
                _told(coordinates, value, distributions)
                for tried, value in _capped(impute(history, self._imputation), rng)
                if (coordinates := space.to_unit(tried.params)) is not None
            ]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the engine's remarks on its own fit are nothing that a user can act on
            chosen = study.ask(distributions).params
        return space.from_unit({dim.name: chosen.get(dim.name, 0) for dim in space.dimensions})


def impute(history: Sequence[Observation], imputation: Imputation) -> list[tuple[Observation, float | None]]:
    """Return the trials that tell something, each with the value to tell; None stands for one in flight.

    A stopped trial is no better than the median of the finished ones; one that failed or reported nothing usable gets
    the worst value known (or what `imputation` says); one that was lost tells nothing.
    """
    values = [tried.objective for tried in history if _is_usable(tried.objective)]
    finished = [tried.objective for tried in history if tried.state == "finished" and _is_usable(tried.objective)]
    middle = median(value for value in finished or values if value is not None)
    known = [value for value in values if value is not None]
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


def warm_up() -> None:
    """Load what the first fit needs and keep torch to one thread: the machine's cores belong to the trials."""
    torch.set_num_threads(1)


def _is_usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < MAX_VALUE


def _stand_in(how: str | bool, tried: Observation, known: list[float]) -> float:
    if how == "latest" and tried.last is not None and _is_usable(tried.last):
        return tried.last
    return min(known) if how == "best" else max(known)


def _capped(told: list[tuple[Observation, float | None]], rng: Random) -> list[tuple[Observation, float | None]]:
    """Return all trials in flight, and the best, the newest and some others of the rest."""
    flying = [item for item in told if item[1] is None]
    ended = [(tried, value) for tried, value in told if value is not None]
    if len(ended) > MAX_BEST + MAX_NEWEST + MAX_RANDOM:
        by_value = sorted(ended, key=lambda item: (item[1], item[0].number))
        best, others = by_value[:MAX_BEST], by_value[MAX_BEST:]
        others.sort(key=lambda item: item[0].number)
        ended = best + others[-MAX_NEWEST:] + rng.sample(others[:-MAX_NEWEST], MAX_RANDOM)
        ended.sort(key=lambda item: item[0].number)
    return [*ended, *flying]


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.kind == "float":
        return FloatDistribution(0.0, 1.0)
    if dimension.kind == "int":
        return IntDistribution(0, dimension.levels - 1)
    return CategoricalDistribution(range(dimension.levels))


def _told(
    coordinates: dict[str, Number], value: float | None, distributions: dict[str, BaseDistribution]
) -> FrozenTrial:
    params = {name: coordinates[name] for name in distributions}
    state = TrialState.RUNNING if value is None else TrialState.COMPLETE
    return create_trial(state=state, value=value, params=params, distributions=distributions)
