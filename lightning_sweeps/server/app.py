"""Builds the application: routes, authentication and error responses around one store."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from lightning_sweeps import __version__
from lightning_sweeps.server.context import StorageLimits
from lightning_sweeps.server.process import sweep_control
from lightning_sweeps.server.process.alert_watch import AlertWatch
from lightning_sweeps.server.process.file_watch import FileWatch
from lightning_sweeps.server.process.journal_watch import JournalWatch
from lightning_sweeps.server.process.lost_runs import LostRuns
from lightning_sweeps.server.process.retention import Retention, RowRules
from lightning_sweeps.server.process.row_quota import RowQuota
from lightning_sweeps.server.process.trash_can import TrashCan
from lightning_sweeps.server.protocols.mlflow import artifact_routes as mlflow_artifact_routes
from lightning_sweeps.server.protocols.mlflow import refusals as mlflow_refusals
from lightning_sweeps.server.protocols.mlflow import routes as mlflow_routes
from lightning_sweeps.server.protocols.refusals import ClientRefusals
from lightning_sweeps.server.protocols.unanswered import UnansweredOperations
from lightning_sweeps.server.protocols.wandb import artifact_routes as wandb_artifact_routes
from lightning_sweeps.server.protocols.wandb import refusals as wandb_refusals
from lightning_sweeps.server.protocols.wandb import routes as wandb_routes
from lightning_sweeps.server.protocols.wandb.documents import Documents
from lightning_sweeps.server.protocols.wandb.names import Entities
from lightning_sweeps.server.protocols.wandb.operations import RESOLVERS
from lightning_sweeps.server.routes import (
    alerts as alert_routes,
)
from lightning_sweeps.server.routes import (
    artifacts,
    blobs,
    chart_lines,
    console,
    edits,
    health,
    journals,
    keys,
    live,
    login,
    media,
    nodes,
    operations,
    projects,
    reference,
    run_columns,
    runs,
    series,
    space,
    static_files,
    sweeps,
    trash,
    views,
)
from lightning_sweeps.server.security import api_keys, authentication
from lightning_sweeps.server.security.framing import framing as default_framing
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.security.permissions import FailedAttempts
from lightning_sweeps.server.security.request_limits import RequestLimits
from lightning_sweeps.server.security.scoped_router import take_routes
from lightning_sweeps.server.web import openapi_document, problems
from lightning_sweeps.server.web.answer_headers import AnswerHeaders
from lightning_sweeps.server.web.answer_versions import AnswerVersions
from lightning_sweeps.server.web.compression import Compression
from lightning_sweeps.server.web.intake import Intake
from lightning_sweeps.server.web.protocol_check import ProtocolCheck
from lightning_sweeps.server.web.root_path import WithoutRootPath
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store

ROUTERS = [
    journals.router,
    health.router,
    projects.router,
    run_columns.router,
    runs.router,
    console.router,
    series.router,
    nodes.router,
    chart_lines.router,
    media.router,
    artifacts.router,
    blobs.router,
    live.router,
    sweeps.router,
    edits.router,
    trash.router,
    keys.router,
    alert_routes.router,
    operations.router,
    space.router,
    reference.router,
    views.router,
    login.router,
    wandb_routes.router,
    wandb_artifact_routes.router,
    mlflow_artifact_routes.router,
    mlflow_routes.router,
    static_files.router,
]
"""Every route of the server. `static_files` is last: it answers every path that no other router matches."""


def create_app(
    store: Store,
    *,
    contents: BlobStorage,
    limits: StorageLimits | None = None,
    hosts: Hosts | None = None,
    lease_s: float = sweep_control.LEASE_S,
    takeover_s: float | None = None,
    framing: str | None = None,
    alerts: AlertWatch | None = None,
    lost_s: float = 0.0,
    trash_s: float | None = None,
    rows: RowRules | None = None,
    journals_here: JournalWatch | None = None,
    public_url: str = "",
    root_path: str = "",
    wandb_entities: Iterable[str] = (),
) -> FastAPI:
    """Return the server's application on a migrated store.

    Args:
        store: The database. The application does not close it.
        contents: Storage of media files and artifacts.
        limits: Maximum sizes of media files and artifacts.
        hosts: Host names that browsers may use to reach the server; default: those of this machine.
        lease_s: An agent that is silent for this many seconds is lost.
        takeover_s: How long a trial that may still run stays with its lost agent, in seconds;
            default: nine times `lease_s`.
        framing: Content-Security-Policy of views in other pages; default: pages of the browser's own machine may
            frame them.
        alerts: Raises alerts while the server runs.
        public_url: The address that others use; empty: each client knows its own.
        root_path: The path below which a proxy serves the dashboard, such as `/sweeps`.
        wandb_entities: Entities that wandb clients may name; `*`: any.
        lost_s: The runs of a machine that is silent for this many seconds are lost; 0: they are not.
        trash_s: What is in the trash for this many seconds is deleted for good; None: never.
        rows: How long rows are kept, and how many; default: all, forever.
        journals_here: Has the journals in the server's own home folder uploaded; default: nobody does.
    """
    keys_known = api_keys.ApiKeys(store)
    failures = FailedAttempts()
    key_required = Middleware(authentication.KeyRequired, keys=keys_known, hosts=hosts or Hosts(), failures=failures)
    app = app_with_routes(
        middleware=[
            Middleware(WithoutRootPath, root_path=root_path),
            Middleware(AnswerHeaders),
            Middleware(Compression),
            Middleware(ClientRefusals, forms=[wandb_refusals.FORM, mlflow_refusals.FORM]),
            problems.of_middleware(),
            key_required,
            Middleware(AnswerVersions),
            Middleware(ProtocolCheck),
            Middleware(RequestLimits),
        ],
        lifespan=_lifespan,
    )
    app.state.store = store
    app.state.contents = contents
    app.state.limits = limits or StorageLimits()
    app.state.intake = Intake(journals.MOST_HELD_BYTES, hint=journals.TWICE_HINT)
    app.state.keys = keys_known
    app.state.failures = failures
    app.state.lease_s = lease_s
    app.state.takeover_s = takeover_s
    app.state.framing = framing or default_framing()
    app.state.alerts = alerts or AlertWatch(store, [], url="")
    app.state.lost_runs = LostRuns(store, lost_s)
    app.state.trash_can = TrashCan(store, trash_s)
    rows = rows or RowRules()
    app.state.retention = Retention(store, rows)
    app.state.row_quota = RowQuota(store, rows.quota)
    app.state.journals_here = journals_here
    app.state.live_streams = live.LiveStreams(store, keys_known)
    app.state.file_watch = FileWatch(store)
    app.state.public_url = public_url
    app.state.root_path = root_path
    app.state.wandb_entities = Entities(frozenset(wandb_entities))
    app.state.unanswered = UnansweredOperations()
    app.state.wandb_documents = Documents(RESOLVERS, app.state.unanswered)
    app.state.closing = threading.Event()
    problems.install(app)
    return app


def app_with_routes(**options: Any) -> FastAPI:
    """Return an application with every route and no store. It can describe the API but not answer.

    Args:
        options: Further arguments of `FastAPI`.
    """
    app = FastAPI(
        title="lightning-sweeps",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        **options,
    )
    for router in ROUTERS:
        take_routes(app, router)
    openapi_document.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    watch: JournalWatch | None = app.state.journals_here
    async with (
        sweep_control.background(app),
        app.state.alerts.running(),
        app.state.lost_runs.running(),
        app.state.trash_can.running(),
        app.state.retention.running(),
        app.state.row_quota.running(),
        app.state.file_watch.running(),
        nullcontext() if watch is None else watch.running(),
    ):
        yield
