"""CMA-ES by the library `cmaes`, its state computed anew from the stored trials at every question.

Generations are the ended trials in the order of their numbers. Whole numbers and categories are strata of the unit
cube: CMA-ES is meant for real numbers, and a space of mostly categories is better searched by `bayes` or `tpe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from cmaes import CMA

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, in_order
from lightning_sweeps.sweeps.space import Space

FIRST_STEP = 0.25
"""The standard deviation of the first generation, in a unit cube."""


class CmaEs:
    """Learns from each full generation which direction leads down."""

    def __init__(self, imputation: Imputation | None = None) -> None:
        self._imputation = imputation or Imputation()

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        known, random = in_order(history), Random(f"{seed}:{number}:cmaes")
        return ask_new(
            lambda searched: self._asked(space, searched, known, random), space, history, number=number, seed=seed
        )

    def _asked(
        self, space: Space, searched: list[Dimension], history: list[Observation], random: Random
    ) -> dict[str, int | float]:
        count = len(searched)
        bounds = np.array([[0.0, 1.0]] * max(count, 2))
        start = np.full(max(count, 2), 0.5)  # the library wants two dimensions: a second one may do nothing
        engine = CMA(mean=start, sigma=FIRST_STEP, bounds=bounds, seed=random.randrange(2**31))
        generation: list[tuple[Any, float]] = []
        for tried, value in impute(history, self._imputation):
            unit = space.to_unit(tried.params)
            if value is None or unit is None:
                continue
            point = [_centre(dim, unit[dim.name]) for dim in searched]
            generation.append((np.array(point + [0.5] * (len(start) - count)), value))
            if len(generation) == engine.population_size:
                engine.tell(generation)
                generation = []
        row = engine.ask()
        return {dim.name: _coordinate(dim, float(value)) for dim, value in zip(searched, row, strict=False)}


def _centre(dimension: Dimension, coordinate: int | float) -> float:
    return float(coordinate) if dimension.kind == "float" else (coordinate + 0.5) / dimension.levels


def _coordinate(dimension: Dimension, unit: float) -> int | float:
    return unit if dimension.kind == "float" else min(int(unit * dimension.levels), dimension.levels - 1)


def make(name: str, imputation: Imputation) -> CmaEs:
    """Return the method."""
    del name
    return CmaEs(imputation)
