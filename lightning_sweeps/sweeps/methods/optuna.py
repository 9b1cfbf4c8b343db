"""Optuna's samplers `TPESampler` and `NSGAIISampler`, rebuilt from the stored trials for each suggestion.

TPE: Bergstra and others, "Algorithms for Hyper-Parameter Optimization" (2011). NSGA-II: Deb and others, "A Fast and
Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002). The sampler sees coordinates (see `dimensions.py`), so every
distribution is a plain float, integer or category to it. Optuna's storage is not used: the trials are in our database.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, in_order
from lightning_sweeps.sweeps.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

MAX_TRIALS = 2000
"""Number of newest trials that the sampler sees. More would cost time and change little."""

POPULATION = 20
"""Trials in one generation of NSGA-II. Sweeps are short: Optuna's default of 50 would leave them two generations."""


class OptunaMethod(Method):
    """A sampler of Optuna."""

    is_multi_objective = True

    @classmethod
    def load(cls) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None if a finite space is exhausted."""
        self.load()
        trials = in_order(history)[-MAX_TRIALS:]
        return ask_new(
            lambda searched: self._choose(space, searched, trials, Random(f"{seed}:{number}:optuna").randrange(2**32)),
            space,
            history,
            number=number,
            seed=seed,
        )

    @abstractmethod
    def sampler(self, seed: int) -> BaseSampler:
        """Return the sampler."""

    def trial_attributes(self, index: int) -> dict[str, Any]:  # noqa: ARG002
        """Return the system attributes that the sampler reads from ended trial `index`, from 0."""
        return {}

    def _choose(self, space: Space, searched: list[Dimension], history: list[Observation], seed: int) -> dict[str, Any]:
        import optuna

        distributions = {dimension.name: _distribution(dimension) for dimension in searched}
        n_objectives = max((len(trial.objectives) for trial in history), default=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user can do nothing about a sampler's warnings
            sampler = self.sampler(seed)
            study = optuna.create_study(sampler=sampler, directions=["minimize"] * max(n_objectives, 1))
            study.add_trials(self._frozen_trials(space, distributions, history, n_objectives))
            chosen: dict[str, Any] = study.ask(distributions).params
        return chosen

    def _frozen_trials(
        self, space: Space, distributions: dict[str, BaseDistribution], history: list[Observation], n_objectives: int
    ) -> list[FrozenTrial]:
        from optuna.trial import TrialState, create_trial

        labelled: Sequence[tuple[Observation, Any]]
        labelled = _impute_several(history, n_objectives) if n_objectives > 1 else impute(history, self.imputation)
        trials: list[FrozenTrial] = []
        for trial, value in labelled:
            unit = space.to_unit(trial.params)
            if unit is None:
                continue
            values = None if value is None else [value] if isinstance(value, float | int) else list(value)
            trials.append(
                create_trial(
                    state=TrialState.RUNNING if values is None else TrialState.COMPLETE,
                    values=values,
                    params={name: unit[name] for name in distributions},
                    distributions=distributions,
                    system_attrs=self.trial_attributes(len(trials)) if values is not None else {},
                )
            )
        return trials


class Tpe(OptunaMethod):
    """Tree-structured Parzen estimator."""

    def sampler(self, seed: int) -> BaseSampler:
        import optuna

        return optuna.samplers.TPESampler(seed=seed)


class Nsga2(OptunaMethod):
    """NSGA-II, a genetic algorithm for several objectives."""

    def sampler(self, seed: int) -> BaseSampler:
        import optuna

        return optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION)

    def trial_attributes(self, index: int) -> dict[str, Any]:
        return {"NSGAIISampler:generation": index // POPULATION}


def _impute_several(
    history: list[Observation], n_objectives: int
) -> list[tuple[Observation, tuple[float, ...] | None]]:
    """Return the trials with all their objectives; a trial that lacks one has the worst value of each."""
    complete = [trial.objectives for trial in history if len(trial.objectives) == n_objectives]
    worst = tuple(max(values[index] for values in complete) for index in range(n_objectives))
    labelled: list[tuple[Observation, tuple[float, ...] | None]] = []
    for trial in history:
        if trial.state in OPEN_TRIAL_STATES:
            labelled.append((trial, None))
        elif trial.state != "lost":
            labelled.append((trial, trial.objectives if len(trial.objectives) == n_objectives else worst))
    return labelled


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.kind == "float":
        return FloatDistribution(0.0, 1.0)
    if dimension.kind == "int":
        return IntDistribution(0, dimension.levels - 1)
    return CategoricalDistribution(range(dimension.levels))
