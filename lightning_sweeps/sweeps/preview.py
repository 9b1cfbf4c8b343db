"""The first points of a sweep, before it exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.suggestion import check_suggestion


def first_points(definition: SweepDefinition, *, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield the parameter sets of the first trials, as the method gives them while none has a result.

    Args:
        definition: the sweep.
        seed: the sweep's seed.
        count: the number of points; a finite space may have fewer.

    Raises:
        SuggestionFailed: the method suggested something outside the space.
    """
    method, space = definition.method, definition.space
    trials: list[Observation] = []
    for number in range(1, count + 1):
        suggest = method.suggest if method.needs_model(space, trials, number=number) else method.initial_point
        point = check_suggestion(space, suggest(space, trials, number=number, seed=seed))
        if point is None:
            return
        trials.append(Observation(number, point, None, "running"))
        yield point
