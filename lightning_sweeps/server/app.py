"""The application: routes, keys and error answers put together around one store."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from lightning_sweeps import __version__
from lightning_sweeps.messages import Problem
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
from lightning_sweeps.server.web import openapi_document, problems
from lightning_sweeps.store.blobs.blob_storage import Contents
from lightning_sweeps.store.database import Store

ROUTERS = [
    journals.router,
    queries.router,
    chart_lines.router,
    media.router,
    live.router,
    sweeps.router,
    edits.router,
    keys.router,
    operations.router,
    reference.router,
    views.router,
    dashboard.router,
]
"""Every route of the server. The dashboard is the last: it answers every path that no other router knows."""


def create_app(
    store: Store,
    *,
    contents: Contents,
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
    key_required = Middleware(authentication.KeyRequired, keys=known_keys, hosts=hosts or Hosts())
    app = app_with_routes(middleware=[key_required], lifespan=_lifespan)
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
    return app


def app_with_routes(**options: Any) -> FastAPI:
    """Return an application with every route and no store; it can describe the API but not answer.

    Args:
        options: Further arguments of `FastAPI`.
    """
    app = FastAPI(
        title="lightning-sweeps",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={status: {"model": Problem} for status in (401, 403, 422)},
        **options,
    )
    for router in ROUTERS:
        app.include_router(router)
    openapi_document.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with sweeps.background(app):
        yield
