"""One searched parameter in two forms: the value that programs get, and the coordinate that search engines see.

The value is the truth and is what is stored; a coordinate is computed from it. A coordinate is a float from 0 to 1 (the
value's place in its distribution), a whole number from 0 to `levels` - 1, or the index of a category.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random
from statistics import NormalDist
from typing import Any, Literal

from lightning_sweeps.sweeps import distributions as d
from lightning_sweeps.sweeps.lattice import Lattice

Kind = Literal["float", "int", "category"]
Number = int | float

TAIL = 1e-6
"""Unbounded distributions are cut at this probability on either side."""

MAX_LEVELS = 1000
"""Engines see lattices with more values than this as floats."""


class Dimension(ABC):
    """One searched parameter."""

    path: tuple[str, ...]
    kind: Kind
    levels: int
    """The number of coordinates of kinds `int` and `category`; 0 for floats."""
    size: int | None
    """The number of values; None where they are not counted."""

    @property
    def name(self) -> str:
        """The parameter's name, dotted where it is nested."""
        return ".".join(self.path)

    @abstractmethod
    def at(self, index: int) -> Any:
        """Return value number `index` of a dimension with a size."""

    @abstractmethod
    def index(self, value: Any) -> int:
        """Return the number of a value of a dimension with a size: `at` backwards."""

    @abstractmethod
    def sample(self, rng: Random) -> Any:
        """Draw a value by the parameter's distribution."""

    @abstractmethod
    def coordinate(self, value: Any) -> Number:
        """Return the coordinate of a value; that of the nearest one where it is no longer in the space."""

    @abstractmethod
    def value(self, coordinate: Number) -> Any:
        """Return the value at a coordinate."""

    @abstractmethod
    def accept(self, given: Any) -> Any:
        """Return the value of this parameter that a person means.

        Raises:
            ValueError: it has no such value; the message says what is allowed.
        """


def identity(value: object) -> str:
    """Return what tells values apart: true, 1 and 1.0 are three."""
    return json.dumps(value, sort_keys=True)


class Category(Dimension):
    """A choice; ordered numbers are lattice coordinates, everything else is a category."""

    def __init__(self, path: tuple[str, ...], values: list[Any], probabilities: list[Number] | None = None) -> None:
        self.path = path
        weights: dict[str, float] = {}
        self._values: list[Any] = []
        for value, weight in zip(values, probabilities or [1] * len(values), strict=True):
            if identity(value) not in weights:
                self._values.append(value)
            weights[identity(value)] = weights.get(identity(value), 0.0) + weight
        self._index = {key: index for index, key in enumerate(weights)}
        self._cumulated = list(accumulate(weights.values()))
        self.kind: Kind = "int" if probabilities is None and _is_ordered(self._values) else "category"
        self.levels = len(self._values)
        self.size: int | None = self.levels

    def at(self, index: int) -> Any:
        return self._values[index]

    def index(self, value: Any) -> int:
        return self._index.get(identity(value), 0)

    def sample(self, rng: Random) -> Any:
        return rng.choices(self._values, cum_weights=self._cumulated)[0]

    def coordinate(self, value: Any) -> Number:
        index = self._index.get(identity(value))
        if index is not None:
            return index
        return next((index for index, known in enumerate(self._values) if known == value), 0)

    def value(self, coordinate: Number) -> Any:
        return self._values[min(max(int(coordinate), 0), self.levels - 1)]

    def accept(self, given: Any) -> Any:
        if identity(given) in self._index:
            return given
        raise ValueError(", ".join(self._index))


def _is_ordered(values: list[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) != len(values) or len(values) < 3:
        return False
    steps = [after - before for before, after in pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


class IntRange(Dimension):
    """Whole numbers, all of them as likely."""

    def __init__(self, path: tuple[str, ...], low: int, high: int) -> None:
        self.path = path
        self._low, self._high = low, high
        self.size: int | None = high - low + 1
        self.kind: Kind = "int" if self.size <= MAX_LEVELS else "float"
        self.levels = self.size if self.kind == "int" else 0

    def at(self, index: int) -> int:
        return self._low + index

    def index(self, value: Any) -> int:
        return int(value) - self._low

    def sample(self, rng: Random) -> int:
        return rng.randint(self._low, self._high)

    def coordinate(self, value: Any) -> Number:
        index = int(min(max(round(value), self._low), self._high)) - self._low
        return index if self.kind == "int" else (index + 0.5) / (self._high - self._low + 1)

    def value(self, coordinate: Number) -> int:
        steps = self._high - self._low
        index = int(coordinate) if self.kind == "int" else int(coordinate * (steps + 1))
        return self._low + min(max(index, 0), steps)

    def accept(self, given: Any) -> int:
        if not isinstance(given, bool) and isinstance(given, int) and self._low <= given <= self._high:
            return given
        raise ValueError(f"whole numbers from {self._low} to {self._high}")


@dataclass(frozen=True, slots=True)
class Law:
    """A continuous distribution: `ppf` from probability to value, `cdf` back, never outside `low` to `high`."""

    ppf: Callable[[float], float]
    cdf: Callable[[float], float]
    low: Number
    high: Number

    def value(self, probability: float) -> float:
        return float(min(max(self.ppf(min(max(probability, 0.0), 1.0)), self.low), self.high))

    def probability(self, value: float) -> float:
        return min(max(self.cdf(min(max(value, self.low), self.high)), 0.0), 1.0)

    def holds(self, value: object) -> bool:
        return not isinstance(value, bool) and isinstance(value, int | float) and self.low <= value <= self.high


class Continuous(Dimension):
    """A real number."""

    def __init__(self, path: tuple[str, ...], law: Law) -> None:
        self.path = path
        self._law = law
        self.kind: Kind = "float"
        self.levels = 0
        self.size: int | None = None

    def at(self, index: int) -> Any:
        raise IndexError(index)

    def index(self, value: Any) -> int:
        raise IndexError(value)

    def sample(self, rng: Random) -> float:
        return self._law.value(rng.random())

    def coordinate(self, value: Any) -> float:
        return self._law.probability(float(value))

    def value(self, coordinate: Number) -> float:
        return self._law.value(float(coordinate))

    def accept(self, given: Any) -> float:
        if self._law.holds(given):
            return float(given)
        raise ValueError(f"numbers from {self._law.low} to {self._law.high}")


class Quantised(Dimension):
    """A continuous distribution rounded to a lattice that ends at the distribution's own bounds."""

    def __init__(self, path: tuple[str, ...], law: Law, q: Number, *, is_even: bool) -> None:
        self.path = path
        self._law = law
        self._lattice = Lattice(law.low, law.high, q)
        self.size: int | None = len(self._lattice)
        self.kind: Kind = "int" if is_even and self.size <= MAX_LEVELS else "float"
        self.levels = self.size if self.kind == "int" else 0

    def at(self, index: int) -> Number:
        return self._lattice[index]

    def index(self, value: Any) -> int:
        return self._lattice.nearest(value)

    def sample(self, rng: Random) -> Number:
        return self._lattice[self._lattice.nearest(self._law.value(rng.random()))]

    def coordinate(self, value: Any) -> Number:
        return self._lattice.nearest(value) if self.kind == "int" else self._law.probability(float(value))

    def value(self, coordinate: Number) -> Number:
        if self.kind == "int":
            return self._lattice[min(max(int(coordinate), 0), self.levels - 1)]
        return self._lattice[self._lattice.nearest(self._law.value(float(coordinate)))]

    def accept(self, given: Any) -> Number:
        if self._law.holds(given):
            nearest = self._lattice[self._lattice.nearest(given)]
            if math.isclose(nearest, given, rel_tol=1e-9, abs_tol=1e-12):
                return nearest
        raise ValueError(
            f"{self._lattice[0]}, {self._lattice[1]} and so on" if self.size != 1 else f"{self._lattice[0]}"
        )


def dimension_of(path: tuple[str, ...], parameter: d.Leaf) -> Dimension:
    """Return the dimension of a parameter that is searched."""
    if isinstance(parameter, d.Categorical):
        return Category(path, parameter.values)
    if isinstance(parameter, d.WeightedCategorical):
        return Category(path, parameter.values, list(parameter.probabilities))
    if isinstance(parameter, d.IntUniform):
        return IntRange(path, parameter.min, parameter.max)
    law = _law_of(parameter)
    q = getattr(parameter, "q", None)
    return Continuous(path, law) if q is None else Quantised(path, law, q, is_even=isinstance(parameter, d.QUniform))


def _law_of(parameter: d.Leaf) -> Law:
    if isinstance(parameter, d.Normal):
        return _normal(float(parameter.mu), float(parameter.sigma), is_log="log" in parameter.distribution)
    if isinstance(parameter, d.Beta):
        return _beta(float(parameter.a), float(parameter.b))
    if isinstance(parameter, d.LogUniform | d.QLogUniform):
        return _log(float(parameter.min), float(parameter.max), math.exp(parameter.min), math.exp(parameter.max))
    if isinstance(parameter, d.LogUniformValues | d.QLogUniformValues):
        low, high = parameter.min, parameter.max
        return _log(math.log(low), math.log(high), low, high)
    if isinstance(parameter, d.Uniform | d.QUniform):
        low, high = parameter.min, parameter.max
        return Law(lambda u: low + u * (high - low), lambda x: (x - low) / (high - low), low, high)
    raise TypeError(f"`{type(parameter).__name__}` has no distribution")


def _log(low_exponent: float, high_exponent: float, low: Number, high: Number) -> Law:
    width = high_exponent - low_exponent
    return Law(lambda u: math.exp(low_exponent + u * width), lambda x: (math.log(x) - low_exponent) / width, low, high)


def _normal(mu: float, sigma: float, *, is_log: bool) -> Law:
    law = NormalDist(mu, sigma)

    def ppf(u: float) -> float:
        value = law.inv_cdf(min(max(u, TAIL), 1 - TAIL))
        return math.exp(value) if is_log else value

    return Law(ppf, lambda x: law.cdf(math.log(x) if is_log else x), ppf(0), ppf(1))


def _beta(a: float, b: float) -> Law:
    from scipy.special import betainc, betaincinv  # a tenth of a second that only this distribution is worth

    return Law(lambda u: float(betaincinv(a, b, u)), lambda x: float(betainc(a, b, x)), 0, 1)
