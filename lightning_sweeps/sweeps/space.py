"""The space that a sweep searches, and its parameter sets as values and as coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension, Number, dimension_of, identity
from lightning_sweeps.sweeps.distributions import Constant, Nested
from lightning_sweeps.sweeps.restrictions import UNRESTRICTED, Condition, Restrictions

Parameters = Mapping[str, Any]
"""The parsed `parameters` of a sweep file."""

MIDDLE = 0.5
"""Coordinate of a real parameter that is switched off."""


@dataclass(frozen=True, slots=True)
class Space:
    """A search space. Immutable.

    Attributes:
        dimensions: the searched parameters, sorted by dotted name.
        constants: path and value of each fixed parameter.
        restrictions: conditions and constraints.
    """

    dimensions: tuple[Dimension, ...]
    constants: tuple[tuple[tuple[str, ...], Any], ...]
    restrictions: Restrictions = UNRESTRICTED

    @classmethod
    def of(cls, parameters: Parameters, constraints: Sequence[str] = ()) -> Space:
        """Return the space of a checked sweep file's `parameters` and `constraints`."""
        dimensions: list[Dimension] = []
        constants: list[tuple[tuple[str, ...], Any]] = []
        conditions: list[Condition] = []
        for path, parameter in _leaves(parameters, ()):
            if isinstance(parameter, Constant):
                constants.append((path, parameter.value))
            else:
                dimensions.append(dimension_of(path, parameter))
            if parameter.when is not None:
                conditions.append(Condition.of(path, parameter.when))
        in_order = tuple(sorted(dimensions, key=lambda dimension: dimension.name))
        return cls(in_order, tuple(constants), Restrictions.of(conditions, constraints))

    @property
    def size(self) -> int | None:
        """The number of combinations, ignoring restrictions; None if a dimension is continuous."""
        sizes = [dimension.size for dimension in self.dimensions]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    @property
    def is_restricted(self) -> bool:
        """Whether conditions or constraints exclude combinations or make some of them equal."""
        return bool(self.restrictions)

    def allows(self, params: Mapping[str, Any]) -> bool:
        """Return whether a parameter set meets all constraints."""
        return self.restrictions.allow(params)

    def at(self, index: int) -> dict[str, Any]:
        """Return combination `index` of a finite space, from 0. The last dimension changes fastest."""
        values: dict[tuple[str, ...], Any] = {}
        for dimension in reversed(self.dimensions):
            index, digit = divmod(index, dimension.size or 1)
            values[dimension.path] = dimension.at(digit)
        return self._nest(values)

    def index_of(self, params: Mapping[str, Any]) -> int:
        """Return the index of the first combination of a finite space that gives this parameter set."""
        index = 0
        for dimension in self.dimensions:
            value = _find(params, dimension.path)
            index = index * (dimension.size or 1) + (0 if value is _MISSING else dimension.index(value))
        return index

    def indexes(self) -> Iterator[int]:
        """Yield the index of each allowed point of a finite space once, in order."""
        for index in range(self.size or 0):
            params = self.at(index) if self.is_restricted else {}
            if not self.is_restricted or (self.allows(params) and self.index_of(params) == index):
                yield index

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the allowed points of a finite space, each once, in order."""
        return map(self.at, self.indexes())

    def sample(self, rng: Random) -> dict[str, Any]:
        """Return a random parameter set from the parameters' distributions, ignoring constraints."""
        return self._nest({dimension.path: dimension.sample(rng) for dimension in self.dimensions})

    def to_unit(self, params: Mapping[str, Any]) -> dict[str, Number] | None:
        """Return the coordinates of a parameter set by dotted name; None if a parameter is missing.

        The coordinate of a parameter that is switched off is the middle.
        """
        coordinates: dict[str, Number] = {}
        for dimension in self.dimensions:
            value = _find(params, dimension.path)
            if value is not _MISSING:
                coordinates[dimension.name] = dimension.coordinate(value)
            elif self.restrictions.is_conditional(dimension.path):
                coordinates[dimension.name] = MIDDLE if dimension.kind == "float" else dimension.levels // 2
            else:
                return None
        return coordinates

    def from_unit(self, coordinates: Mapping[str, Number]) -> dict[str, Any]:
        """Return the parameter set at these coordinates."""
        return self._nest({dim.path: dim.value(coordinates[dim.name]) for dim in self.dimensions})

    def assemble(self, values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
        """Return the parameter set with these values by path, plus constants, minus switched off parameters."""
        return self._nest(values)

    def active(self, params: Mapping[str, Any]) -> list[Dimension]:
        """Return the dimensions that are not switched off in a parameter set."""
        return [dimension for dimension in self.dimensions if _find(params, dimension.path) is not _MISSING]

    def identity(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return a key that is equal for equal points. The values true, 1 and 1.0 are different."""
        values = (_find(params, dimension.path) for dimension in self.dimensions)
        return tuple("" if value is _MISSING else identity(value) for value in values)

    def is_new(self, params: Mapping[str, Any], seen: set[tuple[str, ...]]) -> bool:
        """Return whether a point meets all constraints and its identity is not in `seen`."""
        return self.identity(params) not in seen and self.allows(params)

    def _nest(self, values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        for path, value in sorted([*values.items(), *self.constants], key=lambda item: item[0]):
            inner = nested
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
        self.restrictions.switch_off(nested)
        return nested


class _Missing:
    """Marks a parameter that a set does not have. None would be a value."""


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
