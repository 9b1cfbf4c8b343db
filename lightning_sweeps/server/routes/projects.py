"""Lists projects, and reads and edits their pages."""

from __future__ import annotations

from lightning_sweeps.messages import Problem, ProjectEdit, ProjectPage
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import clock, project_pages, projects

router = scoped_router("queries")

PAGE = "/api/projects/{project:path}/page"
"""The names of projects that other programs made may contain slashes."""


@router.get("/api/projects")
def list_projects(store: StoreDep, projects_of_key: ProjectsDep) -> list[str]:
    """List the names of all projects, or of those that the key is limited to."""
    with store.read() as connection:
        names = projects.project_names(connection)
    return [name for name in names if projects_of_key is None or name in projects_of_key]


@router.get(PAGE, responses={404: {"model": Problem}})
def get_project(store: StoreDep, project: str) -> ProjectPage:
    """Return the page of a project: its description, notes, pinned runs and views, and default columns and metric."""
    with store.read() as connection:
        return project_pages.get_page(connection, project)


@router.post(PAGE, responses={404: {"model": Problem}, 409: {"model": Problem}})
def edit_project(store: StoreDep, by: KeyNameDep, project: str, wanted: ProjectEdit) -> ProjectPage:
    """Edit the page of a project. Status 409 if somebody has edited it since the version that the edit names."""
    with store.write() as connection:
        return project_pages.edit_page(connection, project, wanted, by=by, now=clock.now(connection))
