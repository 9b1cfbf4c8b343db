"""HTTP routes for users to change sweeps and trials. Each change and its log entry are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import change_log, edits, retries, sweeps
from lightning_sweeps.server.context import KeyNameDep, RoleDep, StoreDep
from lightning_sweeps.server.process.sweep_control import Control, ControlDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import clock
from lightning_sweeps.store.project_access import check_access, check_project

T = TypeVar("T")

router = scoped_router("sweeps")


@router.post("/api/sweeps")
async def create_sweep(
    control: ControlDep, by: KeyNameDep, projects: ProjectsDep, wanted: m.SweepCreate
) -> m.SweepCreated:
    """Create a sweep. A configuration with errors creates nothing; the response lists all errors."""

    def create(connection: Connection, now: float) -> m.SweepCreated:
        check_access(connection, projects, "sweep", *wanted.prior_sweeps)
        check_access(connection, projects, "run", *wanted.prior_runs)
        created = sweeps.create_sweep(connection, wanted, now=now)
        check_project(projects, created.project)
        prior = {"prior_sweeps": wanted.prior_sweeps, "prior_runs": wanted.prior_runs, "prior": created.prior}
        change_log.log_change(connection, created.id, "create", by=by, now=now, **(prior if created.prior else {}))
        return created

    created = await _write(control, create)
    if await control.is_fitted(created.id):
        await control.suggester.warm(wanted.config["method"])
    return created


@router.post("/api/sweeps/{sweep_id}/state")
async def set_sweep_state(control: ControlDep, by: KeyNameDep, sweep_id: str, wanted: m.SweepStateChange) -> m.Sweep:
    """Pause, resume, stop or cancel a sweep. Running trials continue to their end, unless the sweep is cancelled."""

    def change(connection: Connection, now: float) -> m.Sweep:
        before = sweeps.lock_sweep(connection, sweep_id).state
        changed = sweeps.set_sweep_state(connection, sweep_id, wanted.state, now=now)
        change_log.log_change(connection, sweep_id, "state", by=by, now=now, before=before, now_is=changed.state)
        return changed

    sweep = await _write(control, change)
    await control.announce_change(sweep_id)
    return sweep


@router.post("/api/sweeps/{sweep_id}/update")
async def update_sweep(
    control: ControlDep, by: KeyNameDep, role: RoleDep, sweep_id: str, wanted: m.SweepUpdate
) -> m.Sweep:
    """Change the configuration of a sweep. Its project, and the names and goals of its metrics, cannot change.

    A finished sweep that has something to do then runs again. What its agents run (`program`, `command`) can be changed
    by the key that created the sweep, and by admins.
    """

    def change(connection: Connection, now: float) -> m.Sweep:
        before = sweeps.get_sweep(connection, sweep_id).config
        if role != "admin" and by != change_log.creator(connection, sweep_id):
            edits.refuse_another_program(connection, sweep_id, wanted)
        changed = edits.update_sweep(connection, sweep_id, wanted, now=now)
        keys = sorted(
            key for key in before.keys() | changed.config.keys() if before.get(key) != changed.config.get(key)
        )
        values = {key: {"before": before.get(key), "now": changed.config.get(key)} for key in keys}
        change_log.log_change(connection, sweep_id, "update", by=by, now=now, keys=values)
        return changed

    sweep = await _write(control, change)
    await control.announce_change(sweep_id)
    return sweep


@router.post("/api/sweeps/{sweep_id}/extend")
async def extend_sweep(control: ControlDep, by: KeyNameDep, sweep_id: str, wanted: m.SweepExtend) -> m.Sweep:
    """Raise the maximum number of trials. A finished sweep runs again."""

    def change(connection: Connection, now: float) -> m.Sweep:
        changed = edits.extend_sweep(connection, sweep_id, wanted.trials, now=now)
        detail = {"trials": wanted.trials, "run_cap": changed.run_cap}
        change_log.log_change(connection, sweep_id, "extend", by=by, now=now, **detail)
        return changed

    sweep = await _write(control, change)
    await control.announce_change(sweep_id)
    return sweep


@router.post("/api/sweeps/{sweep_id}/trials")
async def enqueue_trial(control: ControlDep, by: KeyNameDep, sweep_id: str, point: m.TrialEnqueue) -> m.Trial:
    """Add a pending trial with a parameter set. It runs after the trials that are already pending."""

    def add(connection: Connection, now: float) -> m.Trial:
        trial = edits.enqueue_trial(connection, sweep_id, point.params, now=now)
        detail = {"trial": trial.id, "number": trial.number, "params": trial.params}
        change_log.log_change(connection, sweep_id, "enqueue", by=by, now=now, **detail)
        return trial

    trial = await _write(control, add)
    control.wake_up.notify(sweep_id)
    return trial


@router.post("/api/sweeps/{sweep_id}/retry")
async def retry_failed(control: ControlDep, by: KeyNameDep, sweep_id: str, wanted: m.RetryFailed) -> list[m.Trial]:
    """Run the failed trials of a sweep again, and return them. A finished sweep runs again."""

    def retry(connection: Connection, now: float) -> list[m.Trial]:
        found = retries.retry_failed(connection, sweep_id, error=wanted.error, by=by, now=now)
        detail = {"trials": [trial.number for trial in found], "error": wanted.error}
        if found:
            change_log.log_change(connection, sweep_id, "retry", by=by, now=now, **detail)
        return found

    found = await _write(control, retry)
    await control.announce_change(sweep_id)
    return found


@router.post("/api/trials/{trial_id}/retry")
async def retry_trial(control: ControlDep, by: KeyNameDep, trial_id: str) -> m.Trial:
    """Run a trial that has ended again, with the same parameters. A finished sweep runs again."""

    def retry(connection: Connection, now: float) -> m.Trial:
        trial = retries.retry_trial(connection, trial_id, by=by, now=now)
        change_log.log_change(connection, trial.sweep, "retry", by=by, now=now, trials=[trial.number])
        return trial

    trial = await _write(control, retry)
    await control.announce_change(trial.sweep)
    return trial


@router.get("/api/sweeps/{sweep_id}/changes")
def list_changes(store: StoreDep, sweep_id: str) -> list[m.SweepChange]:
    """List the changes that users made to a sweep, oldest first."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return change_log.list_changes(connection, sweep_id)


@router.post("/api/trials/{trial_id}/stop")
async def stop_trial(control: ControlDep, by: KeyNameDep, trial_id: str) -> m.Trial:
    """Order a trial to stop."""

    def stop(connection: Connection, now: float) -> m.Trial:
        trial = sweeps.stop_trial(connection, trial_id, now=now)
        detail = {"trial": trial.id, "number": trial.number}
        change_log.log_change(connection, trial.sweep, "stop trial", by=by, now=now, **detail)
        return trial

    trial = await _write(control, stop)
    control.wake_up.notify(trial.sweep)
    return trial


@router.post("/api/trials/{trial_id}/mark")
async def mark_trial(control: ControlDep, by: KeyNameDep, trial_id: str, mark: m.TrialMark) -> m.Trial:
    """Ignore or discard a trial, undo that, or set its note."""

    def change(connection: Connection, now: float) -> m.Trial:
        trial = edits.mark_trial(connection, trial_id, mark)
        detail = {"trial": trial.id, "number": trial.number, "ignored": trial.ignored, "note": trial.note}
        detail |= {} if mark.discarded is None else {"discarded": trial.discarded}
        change_log.log_change(connection, trial.sweep, "mark trial", by=by, now=now, **detail)
        return trial

    trial = await _write(control, change)
    await control.announce_change(trial.sweep)
    return trial


async def _write(control: Control, change: Callable[[Connection, float], T]) -> T:
    return await control.write(lambda connection: change(connection, clock.now(connection)))
