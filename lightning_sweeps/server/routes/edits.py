"""What people want of sweeps and trials over HTTP: each is done and written down in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import change_log, edits, sweeps
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.routes.sweeps import Control, ControlDep
from lightning_sweeps.sweeps.methods import INLINE_METHODS

T = TypeVar("T")

router = APIRouter(tags=["sweeps"])


@router.post("/api/sweeps")
async def create_sweep(control: ControlDep, by: KeyNameDep, wanted: m.SweepCreate) -> m.SweepCreated:
    """Create a sweep; a configuration with faults creates nothing and lists them all."""

    def create(connection: Connection, now: float) -> m.SweepCreated:
        created = sweeps.create_sweep(connection, wanted, now=now)
        known = {"prior_sweeps": wanted.prior_sweeps, "prior_runs": wanted.prior_runs, "prior": created.prior}
        change_log.note(connection, created.id, "create", by=by, now=now, **(known if created.prior else {}))
        return created

    created = await _do(control, create)
    if await control.is_model(created.id):
        await control.suggester.warm()
        control.suggester.prepare(created.id)
    return created


@router.post("/api/sweeps/{sweep_id}/state")
async def set_sweep_state(control: ControlDep, by: KeyNameDep, sweep_id: str, wanted: m.SweepStateChange) -> m.Sweep:
    """Pause a sweep, let it go on, stop it (running trials end by themselves) or cancel it (they are ended)."""

    def change(connection: Connection, now: float) -> m.Sweep:
        before = sweeps.lock_sweep(connection, sweep_id).state
        changed = sweeps.set_sweep_state(connection, sweep_id, wanted.state, now=now)
        change_log.note(connection, sweep_id, "state", by=by, now=now, before=before, now_is=changed.state)
        return changed

    sweep = await _do(control, change)
    control.changed(sweep_id, is_model=sweep.method not in INLINE_METHODS)
    return sweep


@router.post("/api/sweeps/{sweep_id}/update")
async def update_sweep(control: ControlDep, by: KeyNameDep, sweep_id: str, wanted: m.SweepUpdate) -> m.Sweep:
    """Give a sweep a new configuration; what it searches and how stays as it was."""

    def change(connection: Connection, now: float) -> m.Sweep:
        before = sweeps.get_sweep(connection, sweep_id).config
        changed = edits.update_sweep(connection, sweep_id, wanted, now=now)
        keys = sorted(
            key for key in before.keys() | changed.config.keys() if before.get(key) != changed.config.get(key)
        )
        values = {key: {"before": before.get(key), "now": changed.config.get(key)} for key in keys}
        change_log.note(connection, sweep_id, "update", by=by, now=now, keys=values)
        return changed

    sweep = await _do(control, change)
    control.changed(sweep_id, is_model=sweep.method not in INLINE_METHODS)
    return sweep


@router.post("/api/sweeps/{sweep_id}/trials")
async def enqueue_trial(control: ControlDep, by: KeyNameDep, sweep_id: str, point: m.TrialEnqueue) -> m.Trial:
    """Add a trial with the given parameters, which waits for an agent behind those that wait already."""

    def add(connection: Connection, now: float) -> m.Trial:
        trial = edits.enqueue_trial(connection, sweep_id, point.params, now=now)
        told = {"trial": trial.id, "number": trial.number, "params": trial.params}
        change_log.note(connection, sweep_id, "enqueue", by=by, now=now, **told)
        return trial

    trial = await _do(control, add)
    control.wake_up.notify(sweep_id)
    return trial


@router.get("/api/sweeps/{sweep_id}/changes")
def list_changes(store: StoreDep, sweep_id: str) -> list[m.SweepChange]:
    """List what people did to a sweep: who, when, what; the first first."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return change_log.list_changes(connection, sweep_id)


@router.post("/api/trials/{trial_id}/stop")
async def stop_trial(control: ControlDep, by: KeyNameDep, trial_id: str) -> m.Trial:
    """Order a trial to stop."""

    def stop(connection: Connection, now: float) -> m.Trial:
        trial = sweeps.stop_trial(connection, trial_id, now=now)
        told = {"trial": trial.id, "number": trial.number}
        change_log.note(connection, trial.sweep, "stop trial", by=by, now=now, **told)
        return trial

    trial = await _do(control, stop)
    control.wake_up.notify(trial.sweep)
    return trial


@router.post("/api/trials/{trial_id}/mark")
async def mark_trial(control: ControlDep, by: KeyNameDep, trial_id: str, mark: m.TrialMark) -> m.Trial:
    """Say that a trial's value counts for nothing (or does again), or what is to be known of it."""

    def change(connection: Connection, now: float) -> m.Trial:
        trial = edits.mark_trial(connection, trial_id, mark)
        told = {"trial": trial.id, "number": trial.number, "ignored": trial.ignored, "note": trial.note}
        change_log.note(connection, trial.sweep, "mark trial", by=by, now=now, **told)
        return trial

    trial = await _do(control, change)
    control.changed(trial.sweep, is_model=await control.is_model(trial.sweep))
    return trial


async def _do(control: Control, wish: Callable[[Connection, float], T]) -> T:
    return await control.write(lambda connection: wish(connection, time.time()))
