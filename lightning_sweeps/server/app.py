"""The application: routes, keys and error answers put together around one store."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from lightning_sweeps import __version__
from lightning_sweeps.server.context import Limits
from lightning_sweeps.server.routes import (
    chart_lines,
    dashboard,
    edits,
    journals,
    keys,
    live,
    media,
    operations,
    queries,
    reference,
    sweeps,
    views,
)
from lightning_sweeps.server.security import authentication, sessions
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.web import problems
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store


def create_app(
    store: Store,
    *,
    contents: BlobStorage,
    limits: Limits | None = None,
    hosts: Hosts | None = None,
    lease_s: float = sweeps.LEASE_S,
    framing: str | None = None,
) -> FastAPI:
    """Return the server's application on a migrated store.

    Args:
        store: not closed by the application.
        contents: where the files of media and artifacts lie.
        limits: how much of them it takes.
        hosts: the names under which browsers may ask; default: this machine's own.
        lease_s: an agent that is not heard of for this long loses its trial.
        framing: the policy of views in other pages; default: this machine's own pages may frame them.
    """
    known_keys = authentication.Keys(store)
    app = FastAPI(
        title="lightning-sweeps",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=[Middleware(authentication.KeyRequired, keys=known_keys, hosts=hosts or Hosts())],
        lifespan=_lifespan,
    )
    app.state.store = store
    app.state.contents = contents
    app.state.limits = limits or Limits()
    app.state.intake = journals.Intake()
    app.state.keys = known_keys
    app.state.used_links = sessions.UsedLinks()
    app.state.lease_s = lease_s
    app.state.framing = framing or views.framing()
    app.state.closing = threading.Event()
    problems.install(app)
    parts = (journals, queries, chart_lines, media, live, sweeps, edits, keys, operations, reference)
    for part in (*parts, views, dashboard):  # the last takes every other path
        app.include_router(part.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with sweeps.background(app):
        yield
