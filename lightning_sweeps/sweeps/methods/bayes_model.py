"""Chooses the point with the highest expected improvement under a Gaussian process.

The model is fitted to the stored trials for each suggestion. docs/search.md explains the choices, which were made with
benchmarks/search.py. The important ones:

- Objectives are warped, so that diverged trials do not spoil the fit.
- Trials that failed or were stopped have an imputed value.
- Running trials count with their expected value, so that parallel agents get different points.
- The fit uses at most `MAX_BEST + MAX_NEWEST + MAX_RANDOM` trials.

This module imports numpy and scipy. `bayes.py` loads it in the suggestion worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np

from lightning_sweeps.sweeps.methods.acquisition import Cube, Score, best_of, log_expected_improvement, maximize
from lightning_sweeps.sweeps.methods.gaussian import Array, Flags, GaussianProcess
from lightning_sweeps.sweeps.methods.impute import Labelled, impute
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import CoordinateChooser, ask_new, choose_new, in_order
from lightning_sweeps.sweeps.methods.output_warping import candidate_warpings
from lightning_sweeps.sweeps.space import Space

MAX_BEST, MAX_NEWEST, MAX_RANDOM = 100, 50, 50
"""Number of trials that a fit uses if there are more. Its cost grows with the cube of this number."""

MAX_ENUMERATED = 1024
"""Size of the largest finite space in which every untried point is scored."""

N_STARTS = 5
"""Number of best trials near which the search for the next point starts."""


def suggest(
    space: Space, history: Sequence[Observation], imputation: Imputation, *, number: int, seed: int
) -> dict[str, Any] | None:
    """Return the parameter set of trial `number`; None if a finite space is exhausted."""
    return ask_new(_chooser(space, history, imputation, number, seed), space, history, number=number, seed=seed)


def model_point(
    space: Space, history: Sequence[Observation], imputation: Imputation, *, number: int, seed: int
) -> dict[str, Any] | None:
    """Return what the fitted model chooses for trial `number`; None if it finds no untried point.

    `suggest` returns the same point, or a random one in place of None.
    """
    seen = {space.identity(trial.params) for trial in history}
    return choose_new(_chooser(space, history, imputation, number, seed), space, seen)


def _chooser(
    space: Space, history: Sequence[Observation], imputation: Imputation, number: int, seed: int
) -> CoordinateChooser:
    trials, random = in_order(history), Random(f"{seed}:{number}:fit")
    return lambda searched: _best_point(space, Cube(searched), trials, imputation, random)


def _best_point(
    space: Space, cube: Cube, history: list[Observation], imputation: Imputation, random: Random
) -> dict[str, int | float] | None:
    """Return the coordinates with the highest expected improvement; None if the search finds no new point."""
    labelled = impute(history, imputation)
    rows = [(cube.array(unit), value) for trial, value in labelled if (unit := space.to_unit(trial.params)) is not None]
    ended = [(row, value) for row, value in limit_trials(rows, random) if value is not None]
    running = [row for row, value in rows if value is None]
    points = np.array([row for row, _ in ended])  # points: (n, n_dims)
    values = np.array([value for _, value in ended])  # values: (n,)
    process = _most_likely_process(points, values, cube.is_category)
    at_points, _ = process.predict(points)
    best = float(at_points.min())
    starts = points[np.argsort(values, kind="stable")[:N_STARTS]]
    if running:
        process = process.with_expected(np.array(running))
        best = min(best, float(process.values[len(points) :].min()))
    score = _restricted_score(
        space, cube, lambda candidates: log_expected_improvement(*process.predict(candidates), best)
    )
    if space.size is not None and space.size <= MAX_ENUMERATED:
        chosen = best_of(score, _untried(space, cube, history))
    else:
        chosen = maximize(
            score,
            cube,
            tried=np.array([row for row, _ in rows]),
            starts=starts,
            rng=np.random.default_rng(random.getrandbits(64)),
            is_smooth=not space.is_restricted,
        )
    return None if chosen is None else cube.coordinates(chosen)


def _untried(space: Space, cube: Cube, history: list[Observation]) -> Array:
    """Return the points of a finite space that are not in `history`: (n, n_dims)."""
    seen = {space.identity(trial.params) for trial in history}
    units = [space.to_unit(params) or {} for params in space.points(0) if space.is_new(params, seen)]
    return np.array([cube.array(unit) for unit in units])


def _restricted_score(space: Space, cube: Cube, score: Score) -> Score:
    """Return a score that is minus infinity at forbidden points and ignores parameters that are switched off."""
    if not space.is_restricted:
        return score

    def restricted(candidates: Array) -> Array:
        fixed = {dim.name: 0 for dim in space.dimensions}
        sets = [space.from_unit({**fixed, **cube.coordinates(row)}) for row in candidates]
        units = [space.to_unit(params) or {} for params in sets]
        scores = score(np.array([cube.array(unit) for unit in units]))
        return np.where([space.allows(params) for params in sets], scores, -np.inf)

    return restricted


def _most_likely_process(points: Array, values: Array, is_category: Flags) -> GaussianProcess:
    """Return the process with the highest posterior density over the candidate warpings of the values."""
    fits = [(GaussianProcess(points, warped.values, is_category), warped.cost) for warped in candidate_warpings(values)]
    return min(fits, key=lambda fit: fit[0].hyper.loss + fit[1])[0]


def limit_trials(rows: list[Labelled], random: Random) -> list[Labelled]:
    """Return the ended trials, or the best, the newest and some random ones if there are too many."""
    ended = [row for row in rows if row[1] is not None]
    if len(ended) <= MAX_BEST + MAX_NEWEST + MAX_RANDOM:
        return ended
    order = sorted(range(len(ended)), key=lambda index: (ended[index][1], index))
    others = sorted(order[MAX_BEST:])
    kept = order[:MAX_BEST] + others[-MAX_NEWEST:] + random.sample(others[:-MAX_NEWEST], MAX_RANDOM)
    return [ended[index] for index in sorted(kept)]
