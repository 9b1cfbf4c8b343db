"""Reads a list page by page, where each page is asked for by the last place of the page before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Entry = TypeVar("Entry")
Place = TypeVar("Place", int, str)


def pages_after(
    start: Place, fetch: Callable[[Place], Sequence[Entry]], place: Callable[[Entry], Place]
) -> Iterator[Sequence[Entry]]:
    """Yield the pages after a place, in the order of places.

    A server that does not know pages ignores the place and sends everything again and again. So a page that does not
    begin after the place is the end, as an empty one is.

    Args:
        start: a place before the first entry.
        fetch: returns the entries after a place, as many as fit a page.
        place: returns the place of an entry.
    """
    after = start
    while (page := fetch(after)) and place(page[0]) > after:
        yield page
        after = place(page[-1])
