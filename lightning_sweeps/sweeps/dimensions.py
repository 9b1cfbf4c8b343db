"""A searched parameter in two forms: the value that programs get, and the coordinate that search methods see.

Values are stored; coordinates are computed from them. A coordinate is a float from 0 to 1 (the cumulative probability
of the value), an integer from 0 to `levels` - 1 (the index in a lattice), or the index of a category.
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
"""Unbounded distributions are cut off at this probability on either side."""

SHORT_DIGITS = 12
ROUNDING_ERROR = 2e-15
"""Relative error of a value that is computed in a few steps with floats."""

MAX_LEVELS = 1000
"""A lattice with more values than this has float coordinates."""


class Dimension(ABC):
    """One searched parameter."""

    path: tuple[str, ...]
    kind: Kind
    levels: int
    """The number of coordinates of kinds `int` and `category`; 0 for floats."""
    size: int | None
    """The number of values; None if the dimension is continuous."""

    @property
    def name(self) -> str:
        """The parameter's dotted name."""
        return ".".join(self.path)

    @abstractmethod
    def at(self, index: int) -> Any:
        """Return value number `index`, from 0, of a dimension with a size."""

    @abstractmethod
    def index(self, value: Any) -> int:
        """Return the index of a value of a dimension with a size: the inverse of `at`."""

    @abstractmethod
    def sample(self, rng: Random) -> Any:
        """Return a random value from the parameter's distribution."""

    @abstractmethod
    def coordinate(self, value: Any) -> Number:
        """Return the coordinate of a value, or of the nearest value in the space."""

    @abstractmethod
    def value(self, coordinate: Number) -> Any:
        """Return the value at a coordinate."""

    def snap(self, coordinate: Number, *, steps: int = 0) -> Number:
        """Return the coordinate of the value at `coordinate`, or of the value `steps` further along the lattice.

        Only for a dimension with a size. Coordinates of the same value snap to the same number, bit for bit.
        """
        index = self.index(self.value(coordinate)) + steps
        return self.coordinate(self.at(min(max(index, 0), (self.size or 1) - 1)))

    @abstractmethod
    def accept(self, given: Any) -> Any:
        """Return the value of this parameter that equals a user's input.

        Raises:
            ValueError: the parameter has no such value; the message says what is allowed.
        """


def identity(value: object) -> str:
    """Return a key that is equal for equal values. The values true, 1 and 1.0 are different."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True)


class Category(Dimension):
    """A choice of values. Ordered numbers have lattice coordinates, other values are categories.

    A value with the probability 0 is not part of the choice.
    """

    def __init__(self, path: tuple[str, ...], values: list[Any], probabilities: list[Number] | None = None) -> None:
        self.path = path
        weights: dict[str, float] = {}
        self._values: list[Any] = []
        for value, weight in zip(values, probabilities or [1] * len(values), strict=True):
            if weight == 0:
                continue
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
    """Uniformly distributed whole numbers."""

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


def _without_noise(value: float) -> float:
    """Return the short decimal number that `value` misses only by rounding errors, or `value` itself.

    The middle between 0.1 and 0.5 is then 0.3, not 0.30000000000000004.
    """
    short = float(f"{value:.{SHORT_DIGITS}g}")
    return short if math.isclose(short, value, rel_tol=ROUNDING_ERROR) else value


@dataclass(frozen=True, slots=True)
class ContinuousDistribution:
    """A continuous distribution with values from `low` to `high`.

    Attributes:
        ppf: maps a cumulative probability to a value.
        cdf: maps a value to its cumulative probability.
        low: lowest value.
        high: highest value.
    """

    ppf: Callable[[float], float]
    cdf: Callable[[float], float]
    low: Number
    high: Number

    def value(self, probability: float) -> float:
        """Return the value at a cumulative probability."""
        return float(min(max(_without_noise(self.ppf(min(max(probability, 0.0), 1.0))), self.low), self.high))

    def probability(self, value: float) -> float:
        """Return the cumulative probability of a value."""
        return min(max(self.cdf(min(max(value, self.low), self.high)), 0.0), 1.0)

    def is_in_range(self, value: object) -> bool:
        """Return whether a user's input is a number within the bounds."""
        return not isinstance(value, bool) and isinstance(value, int | float) and self.low <= value <= self.high


class Continuous(Dimension):
    """A real number."""

    def __init__(self, path: tuple[str, ...], distribution: ContinuousDistribution) -> None:
        self.path = path
        self._distribution = distribution
        self.kind: Kind = "float"
        self.levels = 0
        self.size: int | None = None

    def at(self, index: int) -> Any:
        raise IndexError(index)

    def index(self, value: Any) -> int:
        raise IndexError(value)

    def sample(self, rng: Random) -> float:
        return self._distribution.value(rng.random())

    def coordinate(self, value: Any) -> float:
        return self._distribution.probability(float(value))

    def value(self, coordinate: Number) -> float:
        return self._distribution.value(float(coordinate))

    def accept(self, given: Any) -> float:
        if self._distribution.is_in_range(given):
            return float(given)
        raise ValueError(f"numbers from {self._distribution.low} to {self._distribution.high}")


class Quantised(Dimension):
    """A continuous distribution rounded to a lattice."""

    def __init__(
        self, path: tuple[str, ...], distribution: ContinuousDistribution, lattice: Lattice, *, is_even: bool
    ) -> None:
        self.path = path
        self._distribution = distribution
        self._lattice = lattice
        self.size: int | None = self._lattice.size
        self.kind: Kind = "int" if is_even and self.size <= MAX_LEVELS else "float"
        self.levels = self.size if self.kind == "int" else 0

    def at(self, index: int) -> Number:
        return self._lattice[index]

    def index(self, value: Any) -> int:
        return self._lattice.nearest(value)

    def sample(self, rng: Random) -> Number:
        return self._lattice[self._lattice.nearest(self._distribution.value(rng.random()))]

    def coordinate(self, value: Any) -> Number:
        return self._lattice.nearest(value) if self.kind == "int" else self._distribution.probability(float(value))

    def value(self, coordinate: Number) -> Number:
        if self.kind == "int":
            return self._lattice[min(max(int(coordinate), 0), self.levels - 1)]
        return self._lattice[self._lattice.nearest(self._distribution.value(float(coordinate)))]

    def accept(self, given: Any) -> Number:
        if not isinstance(given, bool) and isinstance(given, int | float):
            nearest = self._lattice[self._lattice.nearest(given)]
            if math.isclose(nearest, given, rel_tol=1e-9, abs_tol=1e-12):
                return nearest
        raise ValueError(
            f"{self._lattice[0]}, {self._lattice[1]} and so on" if self.size != 1 else f"{self._lattice[0]}"
        )


def dimension_of(path: tuple[str, ...], parameter: d.Leaf) -> Dimension:
    """Return the dimension of a searched parameter."""
    if isinstance(parameter, d.Categorical):
        return Category(path, parameter.values)
    if isinstance(parameter, d.WeightedCategorical):
        return Category(path, parameter.values, list(parameter.probabilities))
    if isinstance(parameter, d.IntUniform):
        return IntRange(path, parameter.min, parameter.max)
    distribution = _distribution_of(parameter)
    q = getattr(parameter, "q", None)
    if q is None:
        return Continuous(path, distribution)
    if isinstance(parameter, d.QUniform | d.QLogUniformValues):  # the file states the lowest and the highest value
        lattice = Lattice(distribution.low, distribution.high, q)
    else:
        lattice = Lattice.of_multiples(distribution.low, distribution.high, q)
    return Quantised(path, distribution, lattice, is_even=isinstance(parameter, d.QUniform))


def _distribution_of(parameter: d.Leaf) -> ContinuousDistribution:
    if isinstance(parameter, d.Normal):
        return _normal(float(parameter.mu), float(parameter.sigma), is_log="log" in parameter.distribution)
    if isinstance(parameter, d.Beta):
        return _beta(float(parameter.a), float(parameter.b))
    if isinstance(parameter, d.LogUniform | d.QLogUniform):
        low, high = d.exponents_of(parameter.distribution, parameter.min, parameter.max)
        return _log(low, high, math.exp(low), math.exp(high))
    if isinstance(parameter, d.LogUniformValues | d.QLogUniformValues):
        low, high = parameter.min, parameter.max
        return _log(math.log(low), math.log(high), low, high)
    if isinstance(parameter, d.Uniform | d.QUniform):
        low, high = parameter.min, parameter.max
        return ContinuousDistribution(lambda u: low + u * (high - low), lambda x: (x - low) / (high - low), low, high)
    raise TypeError(f"`{type(parameter).__name__}` has no distribution")


def _log(low_exponent: float, high_exponent: float, low: Number, high: Number) -> ContinuousDistribution:
    width = high_exponent - low_exponent
    return ContinuousDistribution(
        lambda u: math.exp(low_exponent + u * width), lambda x: (math.log(x) - low_exponent) / width, low, high
    )


def _normal(mu: float, sigma: float, *, is_log: bool) -> ContinuousDistribution:
    normal = NormalDist(mu, sigma)

    def ppf(u: float) -> float:
        value = normal.inv_cdf(min(max(u, TAIL), 1 - TAIL))
        return math.exp(value) if is_log else value

    return ContinuousDistribution(ppf, lambda x: normal.cdf(math.log(x) if is_log else x), ppf(0), ppf(1))


def _beta(a: float, b: float) -> ContinuousDistribution:
    from scipy.special import betainc, betaincinv  # takes a tenth of a second, and only this distribution needs it

    return ContinuousDistribution(lambda u: float(betaincinv(a, b, u)), lambda x: float(betainc(a, b, x)), 0, 1)
