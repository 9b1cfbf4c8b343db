"""Points of a scrambled Sobol sequence: spread more evenly than random ones, whatever was found so far."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from scipy.stats import qmc

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.acquisition import Cube
from lightning_sweeps.sweeps.methods.method import Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new
from lightning_sweeps.sweeps.space import Space


class QuasiRandom:
    """Trial `number` is point `number` of the seed's sequence; in place of one that was tried a random one."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None where a finite space is exhausted."""
        return ask_new(lambda searched: _point(searched, number, seed), space, history, number=number, seed=seed)


def _point(searched: list[Dimension], number: int, seed: int) -> dict[str, float]:
    cube = Cube(searched)
    scramble = np.random.default_rng(Random(f"{seed}:qmc").getrandbits(64))
    sequence = qmc.Sobol(len(cube.dimensions), scramble=True, seed=scramble)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one point is drawn, not a power of two of them
        row = sequence.random(1) if number == 1 else sequence.fast_forward(number - 1).random(1)
    return cube.coordinates(cube.snapped(row)[0])


def make(name: str, imputation: Imputation) -> QuasiRandom:
    """Return the method."""
    del name, imputation
    return QuasiRandom()
