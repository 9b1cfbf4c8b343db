"""What methods have in common that choose coordinates: what there is to choose, and a random point for one tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.space import Space

Ask = Callable[[list[Dimension]], Mapping[str, float] | None]
"""Chooses a coordinate for each of these dimensions; None: it has nothing to say."""


def ask_new(ask: Ask, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
    """Return the parameter set that `ask` chooses, or a random one where that was tried already.

    None where a finite space is exhausted. Dimensions without a choice are not asked for.
    """
    seen = {space.identity(tried.params) for tried in history}
    if space.size is not None and len(seen) >= space.size:
        return None
    searched = [dim for dim in space.dimensions if dim.kind == "float" or dim.levels > 1]
    chosen = ask(searched) if searched else None
    if chosen is not None:
        params = space.from_unit({dim.name: chosen.get(dim.name, 0) for dim in space.dimensions})
        if space.is_new(params, seen):
            return params
    return draw_new(space, seen, generator(seed, number))


def in_order(history: Sequence[Observation]) -> list[Observation]:
    """Return the trials by their numbers, so that a method's answer does not hang on the order in which they came."""
    return sorted(history, key=lambda tried: tried.number)
