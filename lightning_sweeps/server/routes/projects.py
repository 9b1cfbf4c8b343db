"""Lists projects."""

from __future__ import annotations

from fastapi import APIRouter

from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.store import projects

router = APIRouter(tags=["queries"])


@router.get("/api/projects")
def list_projects(store: StoreDep, projects_of_key: ProjectsDep) -> list[str]:
    """List the names of all projects, or of those that the key is limited to."""
    with store.read() as connection:
        names = projects.project_names(connection)
    return [name for name in names if projects_of_key is None or name in projects_of_key]
