"""Sweeps in the database: created, read, changed by people, ended by themselves; and what ingest tells of their trials.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.engine import priors, trials
from lightning_sweeps.engine.judge import Recorder, Writer
from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema
from lightning_sweeps.store.projects import ensure_project
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import SweepConfig, read_config, validate

DEFAULT_PROJECT = "default"
SEED_BITS = 31


def create_sweep(connection: Connection, wanted: m.SweepCreate, *, now: float) -> m.SweepCreated:
    """Create a sweep that is running.

    Raises:
        SweepFileError: its configuration has faults; nothing is created.
        NotFound: there is no sweep or run of a name that it is to begin with.
        ServerRefused: it cannot begin with what they tell.
    """
    parsed = validate(wanted.config)
    config = parsed.config
    project = wanted.project or config.project or DEFAULT_PROJECT
    known, left_out = priors.collect(connection, config, sweeps=wanted.prior_sweeps, runs=wanted.prior_runs)
    sweep_id = new_id()
    connection.execute(
        insert(schema.sweep).values(
            id=sweep_id,
            project_id=ensure_project(connection, project, now=now),
            name=wanted.name or config.name or sweep_id,
            description=config.description,
            state="running",
            reason="",
            config=parsed.raw,
            source=wanted.source,
            run_cap=config.run_cap,
            seed=secrets.randbits(SEED_BITS) if config.seed is None else config.seed,
            exhausted=False,
            failures_in_row=0,
            created=now,
            prior=known or None,
        )
    )
    return m.SweepCreated(sweep_id, project, [*parsed.warnings, *left_out], len(known))


def get_sweep(connection: Connection, sweep_id: str) -> m.Sweep:
    """Return a sweep with its numbers and its best trial.

    Raises:
        NotFound: there is no such sweep.
    """
    return _to_message(connection, _load(connection, sweep_id))


def list_sweeps(connection: Connection, *, project: str | None = None) -> list[m.Sweep]:
    """Return all sweeps, or those of one project, newest first."""
    query = _with_project().order_by(schema.sweep.c.created.desc())
    if project is not None:
        query = query.where(schema.project.c.name == project)
    return [_to_message(connection, row) for row in connection.execute(query).all()]


def require_sweep(connection: Connection, sweep_id: str) -> None:
    """Refuse an id that names no sweep.

    Raises:
        NotFound: there is no such sweep.
    """
    _load(connection, sweep_id)


def set_sweep_state(connection: Connection, sweep_id: str, wanted: m.SweepState, *, now: float) -> m.Sweep:
    """Do a person's wish: pause, go on, stop, cancel.

    Raises:
        NotFound: there is no such sweep.
        ServerRefused: a sweep in its state cannot become that.
    """
    row = lock_sweep(connection, sweep_id)
    state = controller.change_state(row.state, wanted)
    if state == row.state:
        return get_sweep(connection, sweep_id)
    if state in controller.END_STATES:
        end_sweep(connection, sweep_id, state, reason="", now=now)
    else:
        _change(connection, sweep_id, state=state, reason="", failures_in_row=0)
        finish_if_done(connection, sweep_id, now=now)
    return get_sweep(connection, sweep_id)


def lock_sweep(connection: Connection, sweep_id: str) -> Row[Any]:
    """Return the sweep's row and keep others from changing it until the transaction ends.

    Raises:
        NotFound: there is no such sweep.
    """
    row = connection.execute(select(schema.sweep).where(schema.sweep.c.id == sweep_id).with_for_update()).one_or_none()
    if row is None:
        raise _no_sweep(sweep_id)
    return row


def config_of(connection: Connection, sweep_id: str) -> SweepConfig:
    """Return the sweep's configuration."""
    return read_config(_load(connection, sweep_id).config)


def progress_of(connection: Connection, row: Row[Any]) -> controller.Progress:
    """Return the sweep's numbers as decisions need them."""
    return controller.Progress(
        state=row.state,
        run_cap=row.run_cap,
        exhausted=row.exhausted,
        counts=trials.count_by_state(connection, row.id),
    )


def end_sweep(connection: Connection, sweep_id: str, state: m.SweepState, *, reason: str, now: float) -> None:
    """End a sweep: trials that wait are dropped; if it is cancelled, those that run are ordered to stop."""
    table = schema.trial
    waiting = (table.c.sweep_id == sweep_id) & (table.c.state == "pending")
    connection.execute(delete(table).where(waiting, table.c.attempt == 1))  # nobody ever had them
    connection.execute(update(table).where(waiting).values(state="stopped", ended=now, reason=f"the sweep was {state}"))
    if state == "cancelled":
        held = (table.c.sweep_id == sweep_id) & table.c.state.in_(("leased", "running"))
        connection.execute(update(table).where(held).values(state="stopping", reason="the sweep was cancelled"))
    _change(connection, sweep_id, state=state, reason=reason, ended=now)


def finish_if_done(connection: Connection, sweep_id: str, *, now: float) -> bool:
    """Finish a sweep that has nothing left to do; tell whether it was."""
    row = lock_sweep(connection, sweep_id)
    progress = progress_of(connection, row)
    if not controller.is_done(progress):
        return False
    end_sweep(connection, sweep_id, "finished", reason=controller.finish_reason(progress), now=now)
    return True


def note_outcome(connection: Connection, sweep: Row[Any], *, state: str, error: str) -> None:
    """Count failures in a row of a locked sweep, and pause it where they are too many."""
    if state not in ("failed", "finished", "stopped"):
        return
    failures = sweep.failures_in_row + 1 if state == "failed" else 0
    reason = controller.brake_reason(failures, read_config(sweep.config).max_failures, error)
    if reason is not None and sweep.state == "running":
        _change(connection, sweep.id, state="paused", reason=reason, failures_in_row=failures)
    else:
        _change(connection, sweep.id, failures_in_row=failures)


def mark_exhausted(connection: Connection, sweep_id: str) -> None:
    """Note that the method has no more points."""
    _change(connection, sweep_id, exhausted=True)


def stop_trial(connection: Connection, trial_id: str, *, now: float, reason: str = "stopped by hand") -> m.Trial:
    """Order a trial to stop; one that nobody has yet is stopped at once.

    Raises:
        NotFound: there is no such trial.
        ServerRefused: the trial is over.
    """
    sweep_id = trials.get_trial(connection, trial_id).sweep
    lock_sweep(connection, sweep_id)
    row = trials.lock(connection, trial_id)
    if row.state != "stopping":
        row = trials.advance(connection, row, "order_stop", reason=reason)
    if row.state == "stopped":
        row = trials.change(connection, trial_id, ended=now)
        finish_if_done(connection, sweep_id, now=now)
    return trials.to_message(row)


def record_reports(
    connection: Connection,
    trial_id: str,
    rows: Sequence[tuple[int, float, dict[str, Any]]],
    now: float,
    *,
    writer: Writer | None = None,
) -> None:
    """Take what a trial logged: its values of the sweep's metric, what they decide, and the sweep's target.

    Args:
        rows: step, time and values of each log call, in order.
        writer: which attempt of the trial wrote them; rows of one that was given up are left out.
    """
    sweep_table = schema.sweep
    found = connection.execute(
        select(sweep_table)
        .join(schema.trial, schema.trial.c.sweep_id == sweep_table.c.id)
        .where(schema.trial.c.id == trial_id)
    ).one_or_none()
    if found is None:
        return
    config = read_config(found.config)
    if config.primary is None:
        return
    sweep = lock_sweep(connection, found.id) if config.primary.target is not None else found
    recorder = Recorder(connection, trials.lock(connection, trial_id), config, writer or Writer())
    recorder.take(rows)
    if recorder.target_reason and sweep.state in ("running", "paused"):
        end_sweep(connection, sweep.id, "finished", reason=recorder.target_reason, now=now)


def commands_for_run(connection: Connection, trial_id: str, run_id: str) -> list[m.Command]:
    """Return the stop for a run whose trial was ordered to stop, or whose sweep was cancelled."""
    trial, sweep = schema.trial, schema.sweep
    row = connection.execute(
        select(trial.c.state, trial.c.reason, sweep.c.state.label("sweep_state"))
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .where(trial.c.id == trial_id)
    ).one_or_none()
    if row is None or row.state not in trials.HELD_STATES:
        return []
    if row.state == "stopping" or row.sweep_state == "cancelled":
        return [m.Command("stop", run_id, row.reason or "the sweep was cancelled")]
    return []


def _change(connection: Connection, sweep_id: str, **values: object) -> None:
    connection.execute(update(schema.sweep).where(schema.sweep.c.id == sweep_id).values(**values))


def _with_project() -> Any:
    join = schema.sweep.join(schema.project, schema.project.c.id == schema.sweep.c.project_id)
    return select(schema.sweep, schema.project.c.name.label("project")).select_from(join)


def _load(connection: Connection, sweep_id: str) -> Row[Any]:
    row = connection.execute(_with_project().where(schema.sweep.c.id == sweep_id)).one_or_none()
    if row is None:
        raise _no_sweep(sweep_id)
    return row


def _no_sweep(sweep_id: str) -> NotFound:
    return NotFound(f"no sweep `{sweep_id}`", status=404, hint="list the sweeps with `lightning-sweeps status`")


def _to_message(connection: Connection, row: Row[Any]) -> m.Sweep:
    config = read_config(row.config)
    return m.Sweep(
        id=row.id,
        project=row.project,
        name=row.name,
        description=row.description,
        state=row.state,
        reason=row.reason,
        method=config.method,
        metric=config.primary.name if config.primary else None,
        goal=config.goal,
        config=row.config,
        run_cap=row.run_cap,
        created=row.created,
        ended=row.ended,
        counts=trials.count_by_state(connection, row.id),
        best=_best(connection, row.id, config.goal),
    )


def _best(connection: Connection, sweep_id: str, goal: m.Goal) -> m.Trial | None:
    table = schema.trial
    order = table.c.objective.asc() if goal == "minimize" else table.c.objective.desc()
    row = connection.execute(
        select(table)
        .where(table.c.sweep_id == sweep_id, table.c.objective.is_not(None), table.c.state.not_in(("failed", "lost")))
        .where(table.c.ignored.is_not(True))
        .order_by(order, table.c.number)
        .limit(1)
    ).one_or_none()
    return None if row is None else trials.to_message(row)
