"""What the model of a sweep's method expects: along each parameter, and at the point of a trial. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lightning_sweeps.messages import ModelPoint, ModelSlice, SweepModel, TrialModel
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.dimensions import Dimension, Number
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.methods.method import Predicted, Prediction

SLICE_POINTS = 33
"""Number of points along a parameter, at most."""


def sweep_model(
    definition: SweepDefinition, history: Sequence[Observation], at: dict[str, Any] | None, *, seed: int
) -> SweepModel:
    """Return what the model expects along each parameter, through a point.

    Args:
        definition: the sweep.
        history: its trials.
        at: the parameter set that the slices go through; None: no trial has a value.
        seed: the sweep's seed.
    """
    method, space = definition.method, definition.space
    base = space.to_unit(at) if at is not None else None
    if not method.predicts or at is None or base is None:
        return SweepModel(predicts=method.predicts)
    along = [(dimension, _coordinates(dimension)) for dimension in space.dimensions]
    points = [space.from_unit({**base, dimension.name: one}) for dimension, coordinates in along for one in coordinates]
    number = max((one.number for one in history), default=0) + 1
    found = method.predict(space, history, points, number=number, seed=seed)
    if found is None:
        return SweepModel(predicts=True)
    expected = iter(_signed(found, definition.sign))
    slices = [
        ModelSlice(dimension.name, [replace(next(expected), value=dimension.value(one)) for one in coordinates])
        for dimension, coordinates in along
    ]
    return SweepModel(predicts=True, at=at, slices=slices)


def trial_model(
    definition: SweepDefinition, history: Sequence[Observation], params: dict[str, Any], *, number: int, seed: int
) -> TrialModel | None:
    """Return what the model expected of a point when it suggested it; None if no model chose it.

    Args:
        definition: the sweep.
        history: what the method knew then.
        params: the suggested parameter set.
        number: number of its point.
        seed: the sweep's seed.
    """
    method = definition.method
    found = method.predict(definition.space, history, [params], number=number, seed=seed) if method.predicts else None
    if found is None:
        return None
    [point] = _signed(found, definition.sign)
    return TrialModel(point, definition.sign * found.best, found.points[0].chance)


def _coordinates(dimension: Dimension) -> list[Number]:
    """Return coordinates along a dimension: all of a short lattice, else some that are spread evenly."""
    steps = SLICE_POINTS - 1
    if dimension.kind == "float":
        return [at / steps for at in range(SLICE_POINTS)]
    if dimension.levels <= SLICE_POINTS:
        return list(range(dimension.levels))
    return [round(at * (dimension.levels - 1) / steps) for at in range(SLICE_POINTS)]


def _signed(found: Prediction, sign: int) -> list[ModelPoint]:
    """Return predictions with the sign of the sweep's metric."""

    def point(one: Predicted) -> ModelPoint:
        low, high = sorted((sign * one.low, sign * one.high))
        return ModelPoint(sign * one.expected, low, high)

    return [point(one) for one in found.points]
