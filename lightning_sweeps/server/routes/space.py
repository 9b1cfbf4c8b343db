"""Reports who takes how much space, to the people who run the server."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from lightning_sweeps.messages import SpaceBy, SpaceReport
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.process.row_quota import RowQuota
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import space

router = scoped_router("operations")


@router.get("/api/space")
def get_space(
    request: Request,
    store: StoreDep,
    by: SpaceBy = "project",
    project: Annotated[str | None, Query(max_length=512, description="only runs of this project")] = None,
    run: Annotated[str | None, Query(max_length=128, description="only this run")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> SpaceReport:
    """Return the space that projects, runs or keys take, the largest first. For keys with the role `admin`."""
    quota: RowQuota = request.app.state.row_quota
    with store.read() as connection:
        return space.report(connection, by=by, project=project, run=run, limit=limit, quota=quota.limits)
