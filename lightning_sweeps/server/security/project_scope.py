"""Keeps API keys that are limited to projects away from everything else, on every route.

A route whose path names an object is checked here. A route that lists or creates something limits itself to
`ProjectsDep`, and stands in `AWARE`. Every other route is closed to such keys.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.errors import Forbidden
from lightning_sweeps.server.web.pages import API_PREFIX
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_access import ObjectKind, Projects, check_access, check_project, describe

OBJECTS: dict[str, ObjectKind] = {
    "run_id": "run",
    "sweep_id": "sweep",
    "trial_id": "trial",
    "agent_id": "agent",
    "journal_id": "journal",
    "owner_id": "series",
    "artifact_id": "artifact",
    "digest": "blob",
}
"""The parameters of paths that name an object."""

AWARE = frozenset(
    {
        "/api/2.0/mlflow-artifacts/artifacts",
        "/api/2.0/mlflow-artifacts/artifacts/{path:path}",
        "/api/2.0/{operation:path}",
        "/api/3.0/{operation:path}",
        "/api/alerts",
        "/api/alerts/rules",
        "/api/alerts/rules/remove",
        "/api/artifacts",
        "/api/changes",
        "/api/console",
        "/api/console/window",
        "/api/journals",
        "/api/live",
        "/api/nodes/now",
        "/api/projects",
        "/api/projects/{project:path}/page",
        "/api/rejected",
        "/api/rejected/journals",
        "/api/runs",
        "/api/runs/change",
        "/api/runs/columns",
        "/api/runs/query",
        "/api/runs/values",
        "/api/series/packed",
        "/api/series/query",
        "/api/sweeps",
        "/api/usage",
    }
)
"""Routes that limit what they list and create."""

WITHOUT_PROJECTS = frozenset(
    {
        "/api/alerts/test",
        "/api/docs",
        "/api/health",
        "/api/login",
        "/api/logout",
        "/api/nodes",
        "/api/openapi.json",
        "/api/ready",
        "/api/session",
        "/api/views",
    }
)
"""Routes that have nothing of any project. Machines belong to all."""


async def get_projects(request: Request) -> Projects:
    """Return the projects that the key of the request is limited to; None: it is not limited."""
    projects: Projects = getattr(request.state, "projects", None)
    return projects


ProjectsDep = Annotated[Projects, Depends(get_projects)]


async def check_scope(request: Request, projects: ProjectsDep) -> None:
    """Check that a limited key may use a route and the objects that its path and query name. For every route.

    Raises:
        Forbidden: the route is closed to limited keys, or the path or the query names another project.
        NotFound: an object is of another project.
    """
    route: str = request.scope["route"].path
    if projects is None or not route.startswith(API_PREFIX):
        return
    named = [(OBJECTS[name], value) for name, value in request.path_params.items() if name in OBJECTS]
    if not named and route not in AWARE | WITHOUT_PROJECTS:
        raise Forbidden(
            f"the API key is limited to {describe(projects)}; `{route}` is for keys of all projects", status=403
        )
    in_path = [value for name, value in request.path_params.items() if name == "project"]
    check_project(projects, *request.query_params.getlist("project"), *in_path)
    if named:
        await run_in_threadpool(_check_named, request.app.state.store, projects, named)


def _check_named(store: Store, projects: Projects, named: list[tuple[ObjectKind, str]]) -> None:
    with store.read() as connection:
        for kind, value in named:
            check_access(connection, projects, kind, value)
