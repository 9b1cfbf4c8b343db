"""Lists projects."""

from __future__ import annotations

from fastapi import APIRouter

from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.store import projects

router = APIRouter(tags=["queries"])


@router.get("/api/projects")
def list_projects(store: StoreDep) -> list[str]:
    """List the names of all projects."""
    with store.read() as connection:
        return projects.project_names(connection)
