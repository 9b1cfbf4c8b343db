"""Tells clients that the server and its database respond."""

from __future__ import annotations

from sqlalchemy import select

from lightning_sweeps import __version__
from lightning_sweeps.messages import Health
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.scoped_router import scoped_router

router = scoped_router("queries")


@router.get("/api/health")
def health(store: StoreDep) -> Health:
    """Check that the server and its database respond."""
    with store.read() as connection:
        connection.execute(select(1))
    return Health("ok", __version__, store.kind)
