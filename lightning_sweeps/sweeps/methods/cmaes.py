"""CMA-ES by the library `cmaes`.

Hansen and Ostermeier, "Completely Derandomized Self-Adaptation in Evolution Strategies" (2001). The optimizer's state
is rebuilt from the stored trials for each suggestion: a generation is the next `population_size` ended trials in the
order of their numbers. Integers and categories are strata of the unit cube. CMA-ES is made for real numbers; `bayes`
and `tpe` are better in a space of mostly categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.methods.new_points import ask_new, from_unit_interval, in_order, to_unit_interval
from lightning_sweeps.sweeps.space import Space

FIRST_STEP = 0.25
"""Standard deviation of the first generation, in the unit cube."""


class CmaEs(Method):
    """Adapts a normal distribution to the better half of each generation."""

    @classmethod
    def load(cls) -> None:
        import cmaes  # noqa: F401

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None if a finite space is exhausted."""
        trials, random = in_order(history), Random(f"{seed}:{number}:cmaes")
        return ask_new(
            lambda searched: self._choose(space, searched, trials, random), space, history, number=number, seed=seed
        )

    def _choose(
        self, space: Space, searched: list[Dimension], history: list[Observation], random: Random
    ) -> dict[str, int | float]:
        import numpy as np
        from cmaes import CMA

        n_dims = max(len(searched), 2)  # the library needs two dimensions; the second one may have no effect
        padding = [0.5] * (n_dims - len(searched))
        bounds = np.array([[0.0, 1.0]] * n_dims)  # bounds: (n_dims, 2)
        engine = CMA(mean=np.full(n_dims, 0.5), sigma=FIRST_STEP, bounds=bounds, seed=random.randrange(2**31))
        generation: list[tuple[Any, float]] = []
        for trial, value in impute(history, self.imputation):
            unit = space.to_unit(trial.params)
            if value is None or unit is None:
                continue
            point = [to_unit_interval(dim, unit[dim.name]) for dim in searched]
            generation.append((np.array(point + padding), value))
            if len(generation) == engine.population_size:
                engine.tell(generation)
                generation = []
        row = engine.ask()  # row: (n_dims,)
        return {dim.name: from_unit_interval(dim, float(unit)) for dim, unit in zip(searched, row, strict=False)}
