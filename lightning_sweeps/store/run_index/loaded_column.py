"""Holds one column of all runs: numbers, and texts where a value is not a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.run_columns import ColumnKind
from lightning_sweeps.store.run_index.categories import NONE, Categories, Codes
from lightning_sweeps.store.run_index.ordering import Key

Mask = npt.NDArray[np.bool_]
LARGEST_EXACT = 2.0**53


class LoadedColumn:
    """A column of all runs, by their position.

    Args:
        kind: the type of its values.
        numbers: (n,) the values; NaN: it is not a number. Default: none is.
        codes: (n,) the texts of values that are not numbers, as codes of `categories`; `NONE`: there is none.
        categories: the texts.
    """

    def __init__(
        self,
        kind: ColumnKind,
        *,
        numbers: npt.NDArray[np.float64] | None = None,
        codes: Codes | None = None,
        categories: Categories | None = None,
    ) -> None:
        size = len(numbers if numbers is not None else codes if codes is not None else ())
        self.kind = kind
        self.numbers = np.full(size, np.nan) if numbers is None else numbers
        self.codes = np.full(size, NONE, np.int32) if codes is None else codes
        self.categories = Categories() if categories is None else categories

    def grow(self, size: int) -> None:
        """Make room for more runs."""
        added = size - len(self.numbers)
        self.numbers = np.append(self.numbers, np.full(added, np.nan))
        self.codes = np.append(self.codes, np.full(added, NONE, np.int32))

    def put(
        self, positions: npt.NDArray[np.intp], numbers: Iterable[float | None], texts: Iterable[str | None]
    ) -> None:
        """Store values at some positions. A value with a number needs no text."""
        added = np.array(list(numbers), np.float64)
        self.numbers[positions] = added
        codes = np.array([self.categories.add(text) for text in texts], np.int32)
        self.codes[positions] = np.where(np.isnan(added), codes, NONE)

    def is_missing(self) -> Mask:
        """Return which runs have no value, (n,)."""
        is_missing: Mask = np.isnan(self.numbers) & (self.codes == NONE)
        return is_missing

    def equals_text(self, text: str) -> Mask:
        """Return which values are this text, (n,)."""
        code = self.categories.find(text)
        found: Mask = self.codes == code if code != NONE else np.zeros(len(self.codes), np.bool_)
        number = _number(text)
        return found if number is None else found | (self.numbers == number)

    def contains_text(self, part: str) -> Mask:
        """Return which values contain a text, in upper or lower case, (n,)."""
        part = part.lower()
        passed = [part in text for text in self.categories.lowered()]
        return self._of_values(passed, lambda text: part in text)

    def test_texts(self, test: Callable[[str], bool]) -> Mask:
        """Return which values pass a test of their text, (n,). Each distinct value is tested once."""
        return self._of_values([*map(test, self.categories.texts)], test)

    def _of_values(self, passed: list[bool], test: Callable[[str], bool]) -> Mask:
        """Return the result for each value, (n,), from those of the texts by their code, and from a test of numbers."""
        found: Mask = np.array([*passed, False], np.bool_)[self.codes]  # the last one is that of `NONE`
        has_number = ~np.isnan(self.numbers)
        if has_number.any():
            distinct, where = np.unique(self.numbers[has_number], return_inverse=True)
            found[has_number] = np.array([test(number_text(value)) for value in distinct], np.bool_)[where]
        return found

    def keys(self, *, is_descending: bool) -> list[Key]:
        """Return the sort keys: numbers come first, then text, then runs without a value."""
        sign = -1.0 if is_descending else 1.0
        is_number = ~np.isnan(self.numbers)
        found = [np.where(is_number, sign * self.numbers, np.inf)] if is_number.any() else []
        if len(self.categories):
            ranks = np.append(self.categories.ranks(), 0)[self.codes]  # the last one is that of `NONE`
            found.append(np.where(self.codes == NONE, np.inf, sign * ranks))
        return found

    def key(self, value: float | str | None, *, is_descending: bool) -> list[float]:
        """Return the sort keys of one value: what `keys` has for a run with it."""
        sign = -1.0 if is_descending else 1.0
        has_numbers = not np.isnan(self.numbers).all()
        found = [sign * value if isinstance(value, float) else np.inf] if has_numbers else []
        if len(self.categories):
            found.append(sign * self.categories.rank(value) if isinstance(value, str) else np.inf)
        return found

    def value(self, position: int) -> float | str | None:
        """Return the value of a run."""
        number = float(self.numbers[position])
        if not np.isnan(number):
            return number
        code = self.codes[position]
        return None if code == NONE else self.categories.texts[code]


def number_text(value: float) -> str:
    """Return a number as people write it: an integer without a decimal point."""
    return str(int(value)) if value.is_integer() and abs(value) <= LARGEST_EXACT else repr(float(value))


def _number(text: str) -> float | None:
    """Return the number that is written as `text`, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) and number_text(value) == text else None
