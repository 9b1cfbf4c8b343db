"""Bayesian optimization with a Gaussian process: the method's attributes and its initial points.

`bayes_model.py` has the model. It imports numpy and scipy, so it is loaded on the first suggestion that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from lightning_sweeps.sweeps.methods import initial_points
from lightning_sweeps.sweeps.methods.method import Method, Observation, Prediction
from lightning_sweeps.sweeps.space import Space

MODEL = "lightning_sweeps.sweeps.methods.bayes_model"


class Bayes(Method):
    """Fits a Gaussian process to all trials and chooses the point with the highest expected improvement."""

    estimates_improvement = True
    predicts = True

    @classmethod
    def load(cls) -> None:
        import_module(MODEL)

    def initial_count(self, space: Space) -> int:
        return initial_points.initial_count(space)

    def needs_model(self, space: Space, history: Sequence[Observation], *, number: int) -> bool:
        return initial_points.needs_model(space, history, number=number)

    def initial_point(
        self, space: Space, history: Sequence[Observation], *, number: int, seed: int
    ) -> dict[str, Any] | None:
        return initial_points.initial_point(space, history, number=number, seed=seed)

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`; None if a finite space is exhausted."""
        if not self.needs_model(space, history, number=number):
            return self.initial_point(space, history, number=number, seed=seed)
        params: dict[str, Any] | None = import_module(MODEL).suggest(
            space, history, self.imputation, number=number, seed=seed
        )
        return params

    def expected_improvement(
        self, space: Space, history: Sequence[Observation], *, number: int, seed: int
    ) -> float | None:
        """Return the expected improvement of the point that the model chooses; None if it chooses none."""
        if not self.needs_model(space, history, number=number):
            return None
        found: float | None = import_module(MODEL).expected_improvement(
            space, history, self.imputation, number=number, seed=seed
        )
        return found

    def predict(
        self,
        space: Space,
        history: Sequence[Observation],
        points: Sequence[dict[str, Any]],
        *,
        number: int,
        seed: int,
    ) -> Prediction | None:
        """Return what the model that chooses trial `number` expects at these points; None if there is no model yet."""
        del seed  # only the search for a point is random
        if not self.needs_model(space, history, number=number):
            return None
        found: Prediction | None = import_module(MODEL).predict(space, history, self.imputation, points)
        return found
