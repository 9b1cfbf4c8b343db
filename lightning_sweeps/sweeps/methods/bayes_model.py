"""Chooses the point with the highest expected improvement under a Gaussian process.

The model is fitted to the stored trials for each suggestion. docs/search.md explains the choices, which were made with
benchmarks/search.py. The important ones:

- Objectives are warped, so that diverged trials do not spoil the fit.
- Trials that failed or were stopped have an imputed value.
- Running trials count with their expected value, so that parallel agents get different points.
- The fit uses at most `MAX_BEST + MAX_NEWEST + MAX_RANDOM` trials, and depends on those that have ended alone. The last
  fits are kept: agents that ask at the same time, with the same results, wait for one fit.

This module imports numpy and scipy. `bayes.py` loads it in the suggestion worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np
from scipy.integrate import trapezoid
from scipy.special import ndtr

from lightning_sweeps.sweeps.methods.acquisition import Cube, Score, best_of, log_expected_improvement, maximize
from lightning_sweeps.sweeps.methods.gaussian import Array, Flags, GaussianProcess
from lightning_sweeps.sweeps.methods.impute import Labelled, impute
from lightning_sweeps.sweeps.methods.method import Imputation, Observation, Predicted, Prediction
from lightning_sweeps.sweeps.methods.new_points import CoordinateChooser, ask_new, choose_new, in_order
from lightning_sweeps.sweeps.methods.output_warping import Transform, candidate_warpings
from lightning_sweeps.sweeps.space import Space

MAX_BEST, MAX_NEWEST, MAX_RANDOM = 100, 50, 50
"""Number of trials that a fit uses if there are more. Its cost grows with the cube of this number."""

MAX_ENUMERATED = 1024
"""Size of the largest finite space in which every untried point is scored."""

DEVIATIONS, N_INTEGRATION = 8.0, 513
"""Range, in standard deviations, and number of steps of the integral for the expected improvement."""

MAX_FITS = 4
"""Number of fits that are kept."""

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


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A process that is fitted to the trials of a sweep.

    Attributes:
        process: the process; running trials count with their expected value.
        transform: from objectives to the values of the process.
        best: the lowest expected value at the trials' points, in values of the process.
        tried: points of all trials: (n, n_dims).
        starts: points of the best trials: (m, n_dims).
    """

    process: GaussianProcess
    transform: Transform
    best: float
    tried: Array
    starts: Array


def _best_point(
    space: Space, cube: Cube, history: list[Observation], imputation: Imputation, random: Random
) -> dict[str, int | float] | None:
    """Return the coordinates with the highest expected improvement; None if the search finds no new point."""
    chosen = _choose(space, cube, history, _fit(space, cube, history, imputation), random)
    return None if chosen is None else cube.coordinates(chosen)


def _fit(space: Space, cube: Cube, history: list[Observation], imputation: Imputation) -> FittedModel:
    labelled = impute(history, imputation)
    rows = [(cube.array(unit), value) for trial, value in labelled if (unit := space.to_unit(trial.params)) is not None]
    ended = [(row, value) for row, value in limit_trials(rows) if value is not None]
    running = [row for row, value in rows if value is None]
    points = np.array([row for row, _ in ended])  # points: (n, n_dims)
    values = np.array([value for _, value in ended])  # values: (n,)
    process, transform = _kept_fit(points.tobytes(), values.tobytes(), cube.is_category.tobytes())
    at_points, _ = process.predict(points)
    best = float(at_points.min())
    starts = points[np.argsort(values, kind="stable")[:N_STARTS]]
    if running:
        process = process.with_expected(np.array(running))
        best = min(best, float(process.values[len(points) :].min()))
    return FittedModel(process, transform, best, np.array([row for row, _ in rows]), starts)


def _choose(space: Space, cube: Cube, history: list[Observation], model: FittedModel, random: Random) -> Array | None:
    """Return the point (n_dims,) with the highest expected improvement; None if the search finds no new point."""
    score = _restricted_score(
        space, cube, lambda candidates: log_expected_improvement(*model.process.predict(candidates), model.best)
    )
    if space.size is not None and space.size <= MAX_ENUMERATED:
        return best_of(score, _untried(space, cube, history))
    return maximize(
        score,
        cube,
        tried=model.tried,
        starts=model.starts,
        rng=np.random.default_rng(random.getrandbits(64)),
        is_smooth=not space.is_restricted,
    )


def expected_improvement(
    space: Space, history: Sequence[Observation], imputation: Imputation, *, number: int, seed: int
) -> float | None:
    """Return the expected improvement of the point of `suggest`, in units of the objective; None if there is none.

    The integral of improvement times density, over the values of the process below the best one.
    """
    searched = [dim for dim in space.dimensions if dim.kind == "float" or dim.levels > 1]
    if not searched or (space.size is not None and len({space.identity(one.params) for one in history}) >= space.size):
        return None
    cube, trials, random = Cube(searched), in_order(history), Random(f"{seed}:{number}:fit")
    model = _fit(space, cube, trials, imputation)
    chosen = _choose(space, cube, trials, model, random)
    if chosen is None:
        return None
    means, deviations = model.process.predict(chosen[None, :])
    mean, deviation = float(means[0]), float(deviations[0])
    limit = (model.best - mean) / deviation
    if limit <= -DEVIATIONS:
        return 0.0
    steps = np.linspace(-DEVIATIONS, min(limit, DEVIATIONS), N_INTEGRATION)
    gain = model.transform.inverse(np.array([model.best]))[0] - model.transform.inverse(mean + deviation * steps)
    density = np.exp(-0.5 * steps**2) / np.sqrt(2 * np.pi)
    return float(trapezoid(np.maximum(gain, 0.0) * density, x=steps))


def predict(
    space: Space, history: Sequence[Observation], imputation: Imputation, points: Sequence[dict[str, Any]]
) -> Prediction | None:
    """Return what the model of `suggest` expects at some points; None if no parameter is searched.

    The process predicts a normal distribution of warped values. Its median and quantiles are those of the objective
    after the inverse warping.
    """
    searched = [dim for dim in space.dimensions if dim.kind == "float" or dim.levels > 1]
    if not searched:
        return None
    cube = Cube(searched)
    model = _fit(space, cube, in_order(history), imputation)
    units = [space.to_unit(params) for params in points]
    rows = np.array([cube.array(unit) for unit in units if unit is not None])  # rows: (n, n_dims)
    means, deviations = model.process.predict(rows)
    back = model.transform.inverse
    columns = (back(means), back(means - deviations), back(means + deviations), ndtr((model.best - means) / deviations))
    return Prediction(
        float(back(np.array([model.best]))[0]), [Predicted(*map(float, row)) for row in zip(*columns, strict=True)]
    )


def _untried(space: Space, cube: Cube, history: list[Observation]) -> Array:
    """Return the points of a finite space that are not in `history`: (n, n_dims)."""
    seen = {space.identity(trial.params) for trial in history}
    units = [space.to_unit(params) or {} for params in space.points() if space.is_new(params, seen)]
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


@lru_cache(MAX_FITS)
def _kept_fit(points: bytes, values: bytes, is_category: bytes) -> tuple[GaussianProcess, Transform]:
    """Return the process that is most likely for some trials. The arguments are the bytes of arrays."""
    categories = np.frombuffer(is_category, np.bool_)
    rows = np.frombuffer(points, np.float64).reshape(-1, len(categories))
    return _most_likely_process(rows, np.frombuffer(values, np.float64), categories)


def _most_likely_process(points: Array, values: Array, is_category: Flags) -> tuple[GaussianProcess, Transform]:
    """Return the process with the highest posterior density over the candidate warpings of the values."""
    fits = [(GaussianProcess(points, warped.values, is_category), warped) for warped in candidate_warpings(values)]
    process, warped = min(fits, key=lambda fit: fit[0].hyper.loss + fit[1].cost)
    return process, warped.transform


def limit_trials(rows: list[Labelled]) -> list[Labelled]:
    """Return the ended trials, or the best, the newest and some random ones if there are too many."""
    ended = [row for row in rows if row[1] is not None]
    if len(ended) <= MAX_BEST + MAX_NEWEST + MAX_RANDOM:
        return ended
    order = sorted(range(len(ended)), key=lambda index: (ended[index][1], index))
    others = sorted(order[MAX_BEST:])
    kept = order[:MAX_BEST] + others[-MAX_NEWEST:] + Random(len(ended)).sample(others[:-MAX_NEWEST], MAX_RANDOM)
    return [ended[index] for index in sorted(kept)]
