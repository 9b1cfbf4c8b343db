"""The space that a sweep searches: its dimensions and constants, and parameter sets in their two forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension, Number, dimension_of, identity
from lightning_sweeps.sweeps.distributions import Constant, Nested

Parameters = Mapping[str, Any]
"""The parsed `parameters` of a sweep file."""


@dataclass(frozen=True, slots=True)
class Space:
    """The searched dimensions, sorted by dotted name, and the constants beside them."""

    dimensions: tuple[Dimension, ...]
    constants: tuple[tuple[tuple[str, ...], Any], ...]

    @classmethod
    def of(cls, parameters: Parameters) -> Space:
        """Return the space of a checked sweep file's `parameters`."""
        dimensions: list[Dimension] = []
        constants: list[tuple[tuple[str, ...], Any]] = []
        for path, parameter in _leaves(parameters, ()):
            if isinstance(parameter, Constant):
                constants.append((path, parameter.value))
            else:
                dimensions.append(dimension_of(path, parameter))
        return cls(tuple(sorted(dimensions, key=lambda dimension: dimension.name)), tuple(constants))

    @property
    def size(self) -> int | None:
        """The number of points; None where a dimension has no end of values."""
        sizes = [dimension.size for dimension in self.dimensions]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def at(self, index: int) -> dict[str, Any]:
        """Return point `index` of a finite space: the last dimension changes fastest."""
        values: dict[tuple[str, ...], Any] = {}
        for dimension in reversed(self.dimensions):
            index, digit = divmod(index, dimension.size or 1)
            values[dimension.path] = dimension.at(digit)
        return self._nest(values)

    def sample(self, rng: Random) -> dict[str, Any]:
        """Draw a parameter set by the parameters' distributions."""
        return self._nest({dimension.path: dimension.sample(rng) for dimension in self.dimensions})

    def to_unit(self, params: Mapping[str, Any]) -> dict[str, Number] | None:
        """Return the coordinates of a parameter set by dotted name; None where a parameter is missing in it."""
        values = [_find(params, dimension.path) for dimension in self.dimensions]
        if any(value is _MISSING for value in values):
            return None
        return {
            dimension.name: dimension.coordinate(value)
            for dimension, value in zip(self.dimensions, values, strict=True)
        }

    def from_unit(self, coordinates: Mapping[str, Number]) -> dict[str, Any]:
        """Return the parameter set at these coordinates."""
        return self._nest({dim.path: dim.value(coordinates[dim.name]) for dim in self.dimensions})

    def assemble(self, values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
        """Return the parameter set with these values by path; constants are added."""
        return self._nest(values)

    def identity(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what two equal points have in common: the searched values, true, 1 and 1.0 apart."""
        values = (_find(params, dimension.path) for dimension in self.dimensions)
        return tuple("" if value is _MISSING else identity(value) for value in values)

    def _nest(self, values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        for path, value in sorted([*values.items(), *self.constants], key=lambda item: item[0]):
            inner = nested
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
        return nested


class _Missing:
    """A parameter that a set does not have; None is a value."""


_MISSING = _Missing()


def _leaves(parameters: Parameters, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, parameter in parameters.items():
        if isinstance(parameter, Nested):
            yield from _leaves(parameter.parameters, (*path, name))
        else:
            yield (*path, name), parameter


def _find(params: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(params, Mapping) or name not in params:
            return _MISSING
        params = params[name]
    return params
