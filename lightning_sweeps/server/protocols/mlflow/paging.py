"""Cuts lists into pages, which clients ask for by a token. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.protocols.mlflow.request import Given

MAX_PAGE = 50_000
DEFAULT_PAGE = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next one begins; None: it is the last one."""

    items: Sequence[T]
    following: int | None

    def token(self) -> dict[str, Any]:
        """Return the field of an answer that tells clients how to go on."""
        return {} if self.following is None else {"next_page_token": str(self.following)}


def page_of(items: Sequence[T], given: Given) -> Page[T]:
    """Return the part of a list that a request asks for.

    Raises:
        UsageError: the token or the size is not allowed.
    """
    start, limit = position(given), size(given)
    end = start + limit
    return Page(items[start:end], end if end < len(items) else None)


def size(given: Given, *, default: int = DEFAULT_PAGE) -> int:
    """Return how many items a request asks for.

    Raises:
        UsageError: the number is not allowed.
    """
    wanted = given.integer("max_results", default)
    if not 0 < wanted <= MAX_PAGE:
        raise UsageError(f"Invalid value {wanted} for parameter 'max_results', allowed: 1 to {MAX_PAGE}")
    return wanted


def position(given: Given) -> int:
    """Return where the page begins that a request asks for.

    Raises:
        UsageError: the token is not one of this server's.
    """
    token = given.optional_text("page_token") or "0"
    if not token.isascii() or not token.isdecimal() or len(token) > 15:
        raise UsageError(f"Invalid page token '{token[:80]}'")
    return int(token)
