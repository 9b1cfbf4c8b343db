"""Numbers in a short form."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.number_ranges import parse_ranges


@pytest.mark.parametrize(
    ("text", "numbers"), [("1", {1}), ("1-3,7", {1, 2, 3, 7}), (" 2 , 4-4 ", {2, 4}), ("5,5-6", {5, 6})]
)
def test_ranges_are_read(text: str, numbers: set[int]) -> None:
    assert parse_ranges(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,,2", "-1", "1-999999999", "1.5"])
def test_other_texts_are_errors_that_name_them(text: str) -> None:
    with pytest.raises(UsageError, match="is no range of numbers"):
        parse_ranges(text)
