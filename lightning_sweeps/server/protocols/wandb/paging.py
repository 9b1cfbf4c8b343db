"""Cuts lists into the pages that clients ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from lightning_sweeps.errors import UsageError

Item = TypeVar("Item")
Page: TypeAlias = dict[str, Any]
"""A page as clients read it: a connection of edges."""

DEFAULT_SIZE = 50
MAX_SIZE = 1000


def page_of(items: Sequence[Item], describe: Callable[[Item], Any], *, first: int | None, after: str | None) -> Page:
    """Return a page of a list. Its cursor is the number of items up to its end.

    Raises:
        UsageError: the cursor is not one of this server's.
    """
    start = position(after)
    end = start + size(first)
    edges = [{"node": describe(one), "cursor": str(at)} for at, one in enumerate(items[start:end], start + 1)]
    return connection_of(edges, total=len(items), has_next=end < len(items))


def connection_of(edges: list[Any], *, total: int, has_next: bool) -> Page:
    """Return a page with these edges."""
    info = {"hasNextPage": has_next, "endCursor": edges[-1]["cursor"] if edges else None}
    return {"edges": edges, "pageInfo": info, "totalCount": total}


def position(cursor: str | None) -> int:
    """Return how many items come before a page.

    Raises:
        UsageError: the cursor is not one of this server's.
    """
    if not cursor:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > len(str(2**31)):
        raise UsageError(f"the cursor is `{cursor[:40]}`, allowed: the one of the page before")
    return int(cursor)


def size(wanted: int | None) -> int:
    """Return the size of a page that a client asks for, within our limit."""
    return DEFAULT_SIZE if wanted is None else max(1, min(wanted, MAX_SIZE))
