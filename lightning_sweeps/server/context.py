"""What every route may ask for: the store, and whether the server is about to end."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import Depends, Request

from lightning_sweeps.store.engine import Store


def get_store(request: Request) -> Store:
    """Return the store that `create_app` was given."""
    store: Store = request.app.state.store
    return store


def get_closing(request: Request) -> threading.Event:
    """Return the event that is set when the server begins to end: a request that waits must then answer at once."""
    closing: threading.Event = request.app.state.closing
    return closing


def get_key_name(request: Request) -> str:
    """Return the name of the API key that the request carries."""
    name: str = request.state.key_name
    return name


StoreDep = Annotated[Store, Depends(get_store)]
ClosingDep = Annotated[threading.Event, Depends(get_closing)]
KeyNameDep = Annotated[str, Depends(get_key_name)]
