"""The importance of parameters and of pairs of them: PED-ANOVA over the trials' coordinates.

Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance" (2023).
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from lightning_sweeps.sweeps.space import Space

MIN_RESULTS = 8
"""Minimum number of results. A ranking of parameters from fewer would be noise."""

MIN_PAIR_RESULTS = 40
"""Minimum number of results for pairs. They are compared cell by cell, so they need more."""

MAX_PAIRED = 8
"""Only pairs of this many most important parameters are looked at."""

LEVELS = 3
"""Number of parts of a parameter's range in a pair."""

MIN_DEVIATIONS = 3.0
"""A pair counts if it decides this many standard deviations more than chance does on average."""

TOP = 0.1
"""The part of the trials that counts as better: the default of Optuna's evaluator."""


def importance(space: Space, results: Sequence[tuple[dict[str, Any], float]]) -> dict[str, float]:
    """Return how much each parameter decides whether a trial is among the better ones, most important first.

    Args:
        space: the sweep's space.
        results: parameter set and objective of each trial, lower is better.

    Returns:
        Importance by dotted name. The values sum to 1. Empty if there are too few results.
    """
    rows = _rows(space, results)
    names = _varied(space, [unit for unit, _ in rows])
    if len(rows) < MIN_RESULTS or not names:
        return {}
    from optuna.distributions import FloatDistribution, IntDistribution  # takes a third of a second

    levels = {dim.name: dim.levels for dim in space.dimensions}
    columns = {name: [unit[name] for unit, _ in rows] for name in names}
    distributions: dict[str, Any] = {
        name: IntDistribution(0, levels[name] - 1) if levels[name] else FloatDistribution(0.0, 1.0) for name in names
    }
    return _ped_anova(columns, distributions, [value for _, value in rows])


def pair_importance(
    space: Space, results: Sequence[tuple[dict[str, Any], float]], shares: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """Return how much pairs of parameters decide together, beyond what each of the two decides alone.

    Each range is cut into `LEVELS` parts with equally many trials. PED-ANOVA's divergence D compares the better trials
    with all of them over the cells of a pair. If the two parameters decide independently, 1 + D of the pair is the
    product of 1 + D of each of them: what is above that is decided together. As many cells give some of it by chance,
    as a chi-squared statistic with (a - 1) (b - 1) degrees of freedom divided by the number of better trials. Optuna's
    evaluator smooths over the cells, which hides a pair in few of them.

    Args:
        space: the sweep's space.
        results: parameter set and objective of each trial, lower is better.
        shares: the importance of each parameter, most important first.

    Returns:
        The part of all that single parameters and pairs decide, by pair, greatest first. Pairs that decide less than
        chance may are left out. Empty if there are too few results.
    """
    rows = _rows(space, results)
    if len(rows) < MIN_PAIR_RESULTS or len(shares) < 2:
        return {}
    names = list(shares)[:MAX_PAIRED]
    order = sorted(range(len(rows)), key=lambda at: rows[at][1])
    better = order[: math.ceil(TOP * len(rows))]
    parts = {name: _parts([unit[name] for unit, _ in rows]) for name in names}
    alone = {name: _divergence(column, better) for name, column in parts.items()}
    gains: dict[tuple[str, str], float] = {}
    for first, second in combinations(names, 2):
        freedom = (len(set(parts[first])) - 1) * (len(set(parts[second])) - 1)
        cells = list(zip(parts[first], parts[second], strict=True))
        together = _divergence(cells, better) + 1 - (1 + alone[first]) * (1 + alone[second])
        if together > (freedom + MIN_DEVIATIONS * math.sqrt(2 * freedom)) / len(better):
            gains[first, second] = together - freedom / len(better)
    total = sum(alone.values()) + sum(gains.values())
    return {pair: gain / total for pair, gain in sorted(gains.items(), key=lambda item: -item[1])}


def _divergence(cells: Sequence[object], better: Sequence[int]) -> float:
    """Return Pearson's divergence between the distributions of the better trials and of all of them over cells."""
    every, best = Counter(cells), Counter(cells[at] for at in better)
    parts = ((best[cell] / len(better), count / len(cells)) for cell, count in every.items())
    return sum((good - usual) ** 2 / usual for good, usual in parts)


Row = tuple[dict[str, int | float], float]


def _rows(space: Space, results: Sequence[tuple[dict[str, Any], float]]) -> list[Row]:
    return [(unit, value) for params, value in results if (unit := space.to_unit(params)) is not None]


def _varied(space: Space, units: list[dict[str, int | float]]) -> list[str]:
    return [dim.name for dim in space.dimensions if len({unit[dim.name] for unit in units}) > 1]


def _parts(column: list[int | float]) -> list[int]:
    """Return in which of `LEVELS` parts each value is. Equal values are in one part, and parts have like sizes."""
    distinct = sorted(set(column))
    if len(distinct) <= LEVELS:
        return [distinct.index(value) for value in column]
    ordered = sorted(column)
    edges = [ordered[len(ordered) * part // LEVELS] for part in range(1, LEVELS)]
    raw = [sum(value >= edge for edge in edges) for value in column]
    used = sorted(set(raw))
    return [used.index(part) for part in raw]


def _ped_anova(
    columns: Mapping[str, Sequence[int | float]], distributions: Mapping[str, Any], values: Sequence[float]
) -> dict[str, float]:
    """Return the importance of each column, most important first."""
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study()
        for at, value in enumerate(values):
            params = {name: column[at] for name, column in columns.items()}
            study.add_trial(optuna.create_trial(value=value, params=params, distributions=dict(distributions)))
        shares = optuna.importance.get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in shares.items()}
