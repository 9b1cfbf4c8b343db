"""Routes that change what is stored already: the trash, the archive, and moving runs between projects."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import change_log, deleted_runs, sweep_trash
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.server.process.trash_can import TrashCan
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import clock, run_changes
from lightning_sweeps.store.project_access import check_project
from lightning_sweeps.store.projects import project_names

router = scoped_router("data", not_found=True)


async def get_trash_can(request: Request) -> TrashCan:
    """Return the trash of this server."""
    can: TrashCan = request.app.state.trash_can
    return can


TrashCanDep = Annotated[TrashCan, Depends(get_trash_can)]


@router.post("/api/runs/change")
async def change_runs(
    control: ControlDep, by: KeyNameDep, projects: ProjectsDep, wanted: m.RunsChange
) -> m.RunsChanged:
    """Move runs to the trash and back, to the archive and back, or to another project.

    Runs in the trash keep receiving rows. Everything comes back with them. The point of a trial whose runs were all
    deleted is free: its sweep may try it again.
    """
    if wanted.to_project is not None:
        check_project(projects, wanted.to_project)

    def change(connection: Connection) -> tuple[m.RunsChanged, list[str]]:
        changed = run_changes.change(connection, wanted, by=by, now=clock.now(connection), projects=projects)
        is_trial_concerned = not wanted.is_preview and wanted.action in ("delete", "restore")
        sweeps = deleted_runs.follow_deleted_runs(connection, changed.trials) if is_trial_concerned else []
        return changed.outcome, sweeps

    outcome, sweeps = await (control.read(change) if wanted.is_preview else control.write(change))
    await control.announce_changes(sweeps)
    return outcome


@router.post("/api/sweeps/{sweep_id}/delete")
def delete_sweep(store: StoreDep, by: KeyNameDep, sweep_id: str) -> m.Sweep:
    """Move a sweep that is over to the trash, with the runs of its trials."""
    with store.write() as connection:
        now = clock.now(connection)
        sweep = sweep_trash.delete_sweep(connection, sweep_id, by=by, now=now)
        run_changes.change(connection, _runs_of(sweep_id, "delete"), by=by, now=now)
        change_log.log_change(connection, sweep_id, "delete", by=by, now=now)
        return sweep


@router.post("/api/sweeps/{sweep_id}/restore")
def restore_sweep(store: StoreDep, by: KeyNameDep, sweep_id: str) -> m.Sweep:
    """Take a sweep out of the trash, with the runs of its trials."""
    with store.write() as connection:
        now = clock.now(connection)
        sweep = sweep_trash.restore_sweep(connection, sweep_id)
        run_changes.change(connection, _runs_of(sweep_id, "restore"), by=by, now=now)
        change_log.log_change(connection, sweep_id, "restore", by=by, now=now)
        return sweep


@router.post("/api/projects/{project}/rename")
def rename_project(store: StoreDep, project: str, wanted: m.ProjectRename) -> list[str]:
    """Give a project another name, and list all projects.

    Programs that log new runs to the old name create a project of that name again.
    """
    with store.write() as connection:
        run_changes.rename_project(connection, project, wanted.name)
        return project_names(connection)


@router.get("/api/trash")
def get_trash(can: TrashCanDep) -> m.Trash:
    """Return what is in the trash."""
    return can.content()


@router.post("/api/trash/empty")
def empty_trash(can: TrashCanDep, store: StoreDep) -> m.TrashEmptied:
    """Delete for good what is in the trash, for some seconds. Repeat the request until nothing remains."""
    return can.empty(before=store.now())


def _runs_of(sweep_id: str, action: m.RunAction) -> m.RunsChange:
    return m.RunsChange(m.RunChoice(sweep=sweep_id), action, with_running=True)
