"""Points of a scrambled Sobol sequence: spread more evenly than random ones, whatever was found so far."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from scipy.stats import qmc

from lightning_sweeps.sweeps.methods.acquisition import Cube
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.space import Space


class QuasiRandom:
    """Trial `number` is point `number` of the seed's sequence; in place of one that was tried a random one."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        seen = {space.identity(tried.params) for tried in history}
        if space.size is not None and len(seen) >= space.size:
            return None
        cube = Cube([dim for dim in space.dimensions if dim.kind == "float" or dim.levels > 1])
        if cube.dimensions:
            scramble = np.random.default_rng(Random(f"{seed}:qmc").getrandbits(64))
            sequence = qmc.Sobol(len(cube.dimensions), scramble=True, seed=scramble)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # one point is drawn, not a power of two of them
                row = sequence.random(1) if number == 1 else sequence.fast_forward(number - 1).random(1)
            unit = cube.coordinates(cube.snapped(row)[0])
            params = space.from_unit({dim.name: unit.get(dim.name, 0) for dim in space.dimensions})
            if space.is_new(params, seen):
                return params
        return draw_new(space, seen, generator(seed, number))


def make(name: str, imputation: Imputation) -> QuasiRandom:
    """Return the method."""
    del name, imputation
    return QuasiRandom()
