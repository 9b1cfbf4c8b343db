"""Provides what routes depend on: the store, API keys, and whether the server is shutting down.

FastAPI runs dependencies that are plain functions in a thread. These are coroutines to avoid that.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import Role
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store

GIGABYTE = 10**9
MAX_GB = 1e9


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """Maximum sizes of media and artifacts on a server.

    Attributes:
        file_bytes: Size of the largest file.
        quota_bytes: How much each project may store; None means no limit.
    """

    file_bytes: int = 50 * GIGABYTE
    quota_bytes: int | None = None


def gigabytes(file: float, quota: float | None) -> StorageLimits:
    """Return limits that are given in gigabytes.

    Raises:
        UsageError: a limit is not greater than 0.
    """
    for value in (file, quota):
        if value is not None and not 0 < value < MAX_GB:
            raise UsageError(f"a limit is {value} GB, allowed: numbers > 0")
    return StorageLimits(int(file * GIGABYTE), None if quota is None else int(quota * GIGABYTE))


async def get_store(request: Request) -> Store:
    """Return the store that `create_app` was given."""
    store: Store = request.app.state.store
    return store


async def get_contents(request: Request) -> BlobStorage:
    """Return the blob storage that `create_app` was given."""
    contents: BlobStorage = request.app.state.contents
    return contents


async def get_closing(request: Request) -> threading.Event:
    """Return the event that is set when the server shuts down. A request that waits must then return at once."""
    closing: threading.Event = request.app.state.closing
    return closing


async def get_key_name(request: Request) -> str:
    """Return the name of the API key that the request carries."""
    name: str = request.state.key_name
    return name


async def get_role(request: Request) -> Role:
    """Return the role of the API key that the request carries."""
    role: Role = request.state.role
    return role


async def get_keys(request: Request) -> ApiKeys:
    """Return the API keys that the server accepts."""
    keys: ApiKeys = request.app.state.keys
    return keys


StoreDep = Annotated[Store, Depends(get_store)]
ContentsDep = Annotated[BlobStorage, Depends(get_contents)]
ClosingDep = Annotated[threading.Event, Depends(get_closing)]
KeyNameDep = Annotated[str, Depends(get_key_name)]
RoleDep = Annotated[Role, Depends(get_role)]
KeysDep = Annotated[ApiKeys, Depends(get_keys)]
