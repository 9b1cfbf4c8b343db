"""Bayesian optimisation, computed anew from the stored trials at every question.

A Gaussian process over the coordinates (see `dimensions.py`) and the highest expected improvement; both were chosen by
benchmarks/search.py, whose table of what else was tried is in docs/search.md. What matters most there: values are
warped, so that diverged trials do not ruin the fit; trials that failed or were stopped have an imputed value; those in
flight count as if they gave what is expected, so that parallel agents get different points; the first points (the
middle, then a Latin hypercube) are few; and the fit sees a bounded number of trials. Imported in the suggestion worker
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np

from lightning_sweeps.sweeps.methods.acquisition import Cube, Score, log_improvement, maximise
from lightning_sweeps.sweeps.methods.gaussian import Array, Flags, GaussianProcess
from lightning_sweeps.sweeps.methods.impute import Told, impute
from lightning_sweeps.sweeps.methods.initial_points import first_point, needs_model
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, in_order
from lightning_sweeps.sweeps.methods.output_warping import warpings
from lightning_sweeps.sweeps.space import Space

MAX_BEST, MAX_NEWEST, MAX_RANDOM = 100, 50, 50
"""Which trials a fit sees where there are more: its cost grows with their number cubed."""

STARTS = 5
"""How many of the best points the search for the next one begins at."""


class Bayes:
    """Fits a Gaussian process to what is known and takes the point with the best expected improvement."""

    def __init__(self, imputation: Imputation | None = None) -> None:
        self._imputation = imputation or Imputation()

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        if not needs_model(space, history, number=number):
            return first_point(space, history, number=number, seed=seed)
        known, random = in_order(history), Random(f"{seed}:{number}:fit")
        return ask_new(
            lambda searched: self._fitted(space, Cube(searched), known, random),
            space,
            history,
            number=number,
            seed=seed,
        )

    def _fitted(
        self, space: Space, cube: Cube, history: list[Observation], random: Random
    ) -> dict[str, int | float] | None:
        told = impute(history, self._imputation)
        rows = [(cube.array(unit), value) for tried, value in told if (unit := space.to_unit(tried.params)) is not None]
        ended = [(row, value) for row, value in capped(rows, random) if value is not None]
        flying = [row for row, value in rows if value is None]
        points, values = np.array([row for row, _ in ended]), np.array([value for _, value in ended])
        process = _most_likely(points, values, cube.is_category)
        at_points, _ = process.predict(points)
        best = float(at_points.min())
        starts = points[np.argsort(values, kind="stable")[:STARTS]]
        if flying:
            process = process.with_expected(np.array(flying))
            best = min(best, float(process.values[len(points) :].min()))
        chosen = maximise(
            _among_allowed(space, cube, lambda candidates: log_improvement(*process.predict(candidates), best)),
            cube,
            tried=np.array([row for row, _ in rows]),
            starts=starts,
            rng=np.random.default_rng(random.getrandbits(64)),
            is_smooth=not space.is_restricted,
        )
        return None if chosen is None else cube.coordinates(chosen)


def _among_allowed(space: Space, cube: Cube, score: Score) -> Score:
    """Return the score with points that are not allowed at the end, and without parameters that are switched off."""
    if not space.is_restricted:
        return score

    def restricted(candidates: Array) -> Array:
        fixed = {dim.name: 0 for dim in space.dimensions}
        sets = [space.from_unit({**fixed, **cube.coordinates(row)}) for row in candidates]
        units = [space.to_unit(params) or {} for params in sets]
        scores = score(np.array([cube.array(unit) for unit in units]))
        return np.where([space.allows(params) for params in sets], scores, -np.inf)

    return restricted


def _most_likely(points: Array, values: Array, is_category: Flags) -> GaussianProcess:
    """Return the process of the shape of values that explains them best."""
    fits = [(GaussianProcess(points, shape.values, is_category), shape.cost) for shape in warpings(values)]
    return min(fits, key=lambda fit: fit[0].hyper.loss + fit[1])[0]


def capped(rows: list[Told], random: Random) -> list[Told]:
    """Return the best, the newest and some others of the trials with a value."""
    ended = [row for row in rows if row[1] is not None]
    if len(ended) <= MAX_BEST + MAX_NEWEST + MAX_RANDOM:
        return ended
    order = sorted(range(len(ended)), key=lambda index: (ended[index][1], index))
    others = sorted(order[MAX_BEST:])
    kept = order[:MAX_BEST] + others[-MAX_NEWEST:] + random.sample(others[:-MAX_NEWEST], MAX_RANDOM)
    return [ended[index] for index in sorted(kept)]


def make(name: str, imputation: Imputation) -> Bayes:
    """Return the method."""
    del name
    return Bayes(imputation)
