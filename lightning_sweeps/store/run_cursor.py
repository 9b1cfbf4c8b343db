"""Writes where a page of runs ends as text, so that the next page begins there, whatever arrives in the meantime."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from lightning_sweeps.errors import UsageError

Place: TypeAlias = float | str | None
"""The value of a run in a column that is sorted by: a number, a text, or none."""

_SHOWN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class RunCursor:
    """The last run of a page: what it is sorted by. The next page has the runs that come after it.

    Attributes:
        places: its values in the columns of `sort`.
        created: when it started; its order among equal runs, as the following ones.
        rank: its rank.
        id: its id.
    """

    places: list[Place]
    created: float
    rank: float
    id: str


def encode_cursor(cursor: RunCursor) -> str:
    """Return a cursor as the text that a client sends back."""
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def decode_cursor(given: str, *, sorted_by: int) -> RunCursor:
    """Return the cursor that a client sent.

    Args:
        given: its text.
        sorted_by: number of columns that the query sorts by.

    Raises:
        UsageError: it is no cursor, or the cursor of a query that is sorted by other columns.
    """
    try:
        cursor = msgspec.json.decode(urlsafe_b64decode(given.encode()), type=RunCursor)
    except (ValueError, msgspec.DecodeError):
        cursor = None
    if cursor is None or len(cursor.places) != sorted_by:
        raise UsageError(
            f"`cursor` is `{given[:_SHOWN_CHARACTERS]}`, allowed: `next_page` of the page before, with the same `sort`",
            hint="leave it out to get the first page",
        )
    return cursor
