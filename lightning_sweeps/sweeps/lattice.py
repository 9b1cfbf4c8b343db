"""The values of a quantized parameter: multiples of `q`, and the bounds if the sweep file states them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Lattice:
    """`low`, `high`, and every multiple of `q` between them, ascending, computed on demand.

    Whole values are integers if `q` is one and they have at most 64 bits. The size may exceed what `len()` allows.
    """

    low: int | float
    high: int | float
    q: int | float

    _step: Decimal = field(init=False, repr=False)
    _first: int = field(init=False, repr=False)
    _last: int = field(init=False, repr=False)
    _has_low: bool = field(init=False, repr=False)
    """Whether the lowest value is not a multiple of `q`."""
    _has_high: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        step, low, high = _exact(self.q), _exact(self.low), _exact(self.high)
        first, last = math.ceil(low / step), math.floor(high / step)
        derived = {
            "_step": step,
            "_first": first,
            "_last": last,
            "_has_low": first * step != low,
            "_has_high": last * step != high,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_multiples(cls, low: float, high: float, q: int | float) -> Lattice:
        """Return the multiples of `q` from the one nearest to `low` to the one nearest to `high`."""
        step = _exact(q)
        return cls(float(round(_exact(low) / step) * step), float(round(_exact(high) / step) * step), q)

    @property
    def size(self) -> int:
        """The number of values."""
        return self._last - self._first + 1 + self._has_low + self._has_high

    def __getitem__(self, index: int) -> int | float:
        if not 0 <= index < self.size:
            raise IndexError(index)
        multiple = self._first + index - self._has_low
        if multiple < self._first:
            return self._number(_exact(self.low))
        if multiple > self._last:
            return self._number(_exact(self.high))
        return self._number(multiple * self._step)

    def nearest(self, value: float) -> int:
        """Return the index of the value nearest to `value`."""
        near = round(min(max(value, self.low), self.high) / self.q) - self._first + self._has_low
        candidates = [index for index in range(near - 1, near + 2) if 0 <= index < self.size] or [0]
        return min(candidates, key=lambda index: abs(self[index] - value))

    def _number(self, value: Decimal) -> int | float:
        is_whole = isinstance(self.q, int) and abs(value) < INT64 and value == int(value)
        return int(value) if is_whole else float(value)


def _exact(value: int | float) -> Decimal:
    """Return the number exactly as it is written: 0.1 is a tenth."""
    return Decimal(repr(value))
