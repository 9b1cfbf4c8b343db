"""Quasi-random search: the points of a scrambled Sobol sequence, which cover the space more evenly than random ones.

Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals" (1967); scrambling: Owen,
"Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995), as scipy implements it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, from_unit_interval
from lightning_sweeps.sweeps.space import Space


class QuasiRandom(Method):
    """Trial `number` is point `number` of the seed's Sobol sequence. It ignores results."""

    needs_metric = False
    is_multi_objective = True

    @classmethod
    def load(cls) -> None:
        import scipy.stats  # noqa: F401

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None if a finite space is exhausted."""
        return ask_new(lambda searched: _sobol_point(searched, number, seed), space, history, number=number, seed=seed)


def _sobol_point(searched: list[Dimension], number: int, seed: int) -> dict[str, float]:
    """Return the coordinates of point `number` of the sequence in `len(searched)` dimensions."""
    import numpy as np
    from scipy.stats import qmc

    scramble = np.random.default_rng(Random(f"{seed}:qmc").getrandbits(64))
    sequence = qmc.Sobol(len(searched), scramble=True, seed=scramble)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns unless a power of two of points is drawn
        row = sequence.random(1) if number == 1 else sequence.fast_forward(number - 1).random(1)  # row: (1, n_dims)
    return {dim.name: from_unit_interval(dim, float(unit)) for dim, unit in zip(searched, row[0], strict=True)}
