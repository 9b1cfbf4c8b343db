"""The importance of parameters: Optuna's PED-ANOVA over the trials' coordinates.

Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance" (2023).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from lightning_sweeps.sweeps.space import Space

MIN_RESULTS = 8
"""Minimum number of results. A ranking of parameters from fewer would be noise."""


def importance(space: Space, results: Sequence[tuple[dict[str, Any], float]]) -> dict[str, float]:
    """Return how much each parameter decides whether a trial is among the better ones, most important first.

    Args:
        space: the sweep's space.
        results: parameter set and objective of each trial, lower is better.

    Returns:
        Importance by dotted name. The values sum to 1. Empty if there are too few results.
    """
    rows = [(unit, value) for params, value in results if (unit := space.to_unit(params)) is not None]
    names = [dim.name for dim in space.dimensions if len({unit[dim.name] for unit, _ in rows}) > 1]
    if len(rows) < MIN_RESULTS or not names:
        return {}
    import optuna  # takes a third of a second, and only this function needs it
    from optuna.importance import PedAnovaImportanceEvaluator

    levels = {dim.name: dim.levels for dim in space.dimensions}
    distributions: dict[str, Any] = {
        name: optuna.distributions.IntDistribution(0, levels[name] - 1)
        if levels[name]
        else optuna.distributions.FloatDistribution(0.0, 1.0)
        for name in names
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study()
        for unit, value in rows:
            params = {name: unit[name] for name in names}
            study.add_trial(optuna.create_trial(value=value, params=params, distributions=distributions))
        shares = optuna.importance.get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in shares.items()}
