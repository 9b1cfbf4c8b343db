"""Reading page by page, also from a server that does not know pages."""

from __future__ import annotations

import pytest

from lightning_sweeps.client.pages import pages_after


@pytest.mark.parametrize(("size", "expected"), [(2, [[1, 2], [3, 4], [5]]), (5, [[1, 2, 3, 4, 5]])])
def test_pages_end_with_the_last_entry(size: int, expected: list[list[int]]) -> None:
    entries = [1, 2, 3, 4, 5]
    pages = pages_after(0, lambda after: [entry for entry in entries if entry > after][:size], lambda entry: entry)
    assert list(pages) == expected


def test_a_server_that_does_not_know_pages_is_asked_twice() -> None:
    asked: list[str] = []

    def fetch(after: str) -> list[str]:
        asked.append(after)
        return ["a", "b"]

    assert list(pages_after("", fetch, lambda entry: entry)) == [["a", "b"]]
    assert asked == ["", "b"]


def test_no_entries() -> None:
    assert list(pages_after(0, lambda _: [], lambda entry: entry)) == []
