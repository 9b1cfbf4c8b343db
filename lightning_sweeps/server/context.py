"""What every route may ask for: the store, and whether the server is about to end.

These functions are coroutines though they wait for nothing: others would each be run in a thread.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database import Store

GIGABYTE = 10**9
MOST_GB = 1e9


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes: the largest single content, and how much each project may keep (None: no bound)."""

    file_bytes: int = 50 * GIGABYTE
    quota_bytes: int | None = None


def gigabytes(file: float, quota: float | None) -> Limits:
    """Return limits that are given in gigabytes.

    Raises:
        UsageError: one of them is not above 0.
    """
    for value in (file, quota):
        if value is not None and not 0 < value < MOST_GB:
            raise UsageError(f"a limit is {value} GB, allowed are numbers above 0")
    return Limits(int(file * GIGABYTE), None if quota is None else int(quota * GIGABYTE))


async def get_store(request: Request) -> Store:
    """Return the store that `create_app` was given."""
    store: Store = request.app.state.store
    return store


async def get_closing(request: Request) -> threading.Event:
    """Return the event that is set when the server begins to end: a request that waits must then answer at once."""
    closing: threading.Event = request.app.state.closing
    return closing


async def get_key_name(request: Request) -> str:
    """Return the name of the API key that the request carries."""
    name: str = request.state.key_name
    return name


StoreDep = Annotated[Store, Depends(get_store)]
ClosingDep = Annotated[threading.Event, Depends(get_closing)]
KeyNameDep = Annotated[str, Depends(get_key_name)]
