"""Optuna's samplers by name, each rebuilt from the stored trials at every question.

The sampler sees coordinates (see `dimensions.py`), so every distribution, also quantised and nested ones, is a plain
float, whole number or category to it. No storage of Optuna's is used: the trials are in our database.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from random import Random
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, in_order
from lightning_sweeps.sweeps.space import Space

MAX_TRIALS = 2000
"""The newest trials are told; more would cost time and change nothing."""

POPULATION = 20
"""Trials of one generation of `nsga2`: sweeps are short, Optuna's 50 would leave them two generations."""

optuna.logging.set_verbosity(optuna.logging.ERROR)


class OptunaMethod:
    """`tpe` or `nsga2`, for one metric or several."""

    def __init__(self, name: str, imputation: Imputation | None = None) -> None:
        self._name = name
        self._imputation = imputation or Imputation()

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        known = in_order(history)[-MAX_TRIALS:]
        return ask_new(
            lambda searched: self._asked(space, searched, known, number, seed), space, history, number=number, seed=seed
        )

    def _asked(
        self, space: Space, searched: list[Dimension], history: list[Observation], number: int, seed: int
    ) -> dict[str, Any]:
        distributions = {dimension.name: _distribution(dimension) for dimension in searched}
        count = max((len(tried.objectives) for tried in history), default=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a sampler's remarks are nothing that a user can act on
            sampler = _sampler(self._name, Random(f"{seed}:{number}:optuna").randrange(2**32))
            study = optuna.create_study(sampler=sampler, directions=["minimize"] * max(count, 1))
            study.add_trials(self._told(space, distributions, history, count))
            chosen: dict[str, Any] = study.ask(distributions).params
        return chosen

    def _told(
        self, space: Space, distributions: dict[str, BaseDistribution], history: list[Observation], count: int
    ) -> list[FrozenTrial]:
        told: Sequence[tuple[Observation, Any]]
        told = _several(history, count) if count > 1 else impute(history, self._imputation)
        trials: list[FrozenTrial] = []
        for tried, value in told:
            unit = space.to_unit(tried.params)
            if unit is None:
                continue
            values = None if value is None else [value] if isinstance(value, float | int) else list(value)
            trials.append(
                create_trial(
                    state=TrialState.RUNNING if values is None else TrialState.COMPLETE,
                    values=values,
                    params={name: unit[name] for name in distributions},
                    distributions=distributions,
                    system_attrs=_generation(self._name, len(trials)) if values is not None else {},
                )
            )
        return trials


def _several(history: list[Observation], count: int) -> list[tuple[Observation, tuple[float, ...] | None]]:
    """Return the trials with all their objectives; those that lack one get the worst of each."""
    whole = [tried.objectives for tried in history if len(tried.objectives) == count]
    worst = tuple(max(values[index] for values in whole) for index in range(count))
    told: list[tuple[Observation, tuple[float, ...] | None]] = []
    for tried in history:
        if tried.state in OPEN_TRIAL_STATES:
            told.append((tried, None))
        elif tried.state != "lost":
            told.append((tried, tried.objectives if len(tried.objectives) == count else worst))
    return told


def _generation(name: str, index: int) -> dict[str, Any]:
    return {"NSGAIISampler:generation": index // POPULATION} if name == "nsga2" else {}


def _sampler(name: str, seed: int) -> BaseSampler:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION)


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.kind == "float":
        return FloatDistribution(0.0, 1.0)
    if dimension.kind == "int":
        return IntDistribution(0, dimension.levels - 1)
    return CategoricalDistribution(range(dimension.levels))


def make(name: str, imputation: Imputation) -> OptunaMethod:
    """Return the method."""
    return OptunaMethod(name, imputation)
