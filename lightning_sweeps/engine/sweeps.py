"""The sweep table: creates, reads, changes and ends sweeps.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.engine import change_log, limits, points, prior_results, trials
from lightning_sweeps.engine.tried_points import forget_order
from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import clock, schema
from lightning_sweeps.store.projects import ensure_project
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.sweeps.settings import NO_BUDGET, SweepSettings

DEFAULT_PROJECT = "default"
SEED_BITS = 31


def create_sweep(connection: Connection, wanted: m.SweepCreate, *, now: float) -> m.SweepCreated:
    """Create a running sweep.

    Raises:
        SweepFileError: the configuration has errors; nothing is created.
        NotFound: a sweep or run with earlier results does not exist.
        ServerRefused: status 422; the sweep cannot start with these results.
    """
    parsed = validate(wanted.config)
    config = parsed.config
    project = wanted.project or config.project or DEFAULT_PROJECT
    results, left_out = prior_results.collect_results(
        connection, SweepDefinition.of(config), sweeps=wanted.prior_sweeps, runs=wanted.prior_runs
    )
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
            prior=results or None,
        )
    )
    return m.SweepCreated(sweep_id, project, [*parsed.warnings, *left_out], len(results))


def get_sweep(connection: Connection, sweep_id: str) -> m.Sweep:
    """Return a sweep with its trial counts and its best trial.

    Raises:
        NotFound: the sweep does not exist.
    """
    return _to_message(connection, _load(connection, sweep_id))


def list_sweeps(connection: Connection, *, project: str | None = None, is_deleted: bool = False) -> list[m.Sweep]:
    """Return all sweeps, or those of one project, newest first: those in the trash, or those that are not."""
    deleted = schema.sweep.c.deleted
    query = _with_project().where(deleted.is_not(None) if is_deleted else deleted.is_(None))
    query = query.order_by(schema.sweep.c.created.desc())
    if project is not None:
        query = query.where(schema.project.c.name == project)
    return [_to_message(connection, row) for row in connection.execute(query).all()]


def search_inputs(connection: Connection, sweep_id: str) -> m.SearchInputs:
    """Return what the sweep's search started with.

    Raises:
        NotFound: the sweep does not exist.
    """
    row = _load(connection, sweep_id)
    return m.SearchInputs(row.seed, [(params, value) for params, value in row.prior or ()])


def require_sweep(connection: Connection, sweep_id: str) -> None:
    """Check that a sweep exists.

    Raises:
        NotFound: the sweep does not exist.
    """
    _load(connection, sweep_id)


def set_sweep_state(connection: Connection, sweep_id: str, wanted: m.SweepState, *, now: float) -> m.Sweep:
    """Pause, resume, stop or cancel a sweep.

    Raises:
        NotFound: the sweep does not exist.
        ServerRefused: status 409; the sweep's state does not allow this.
    """
    row = lock_sweep(connection, sweep_id)
    state = controller.change_state(row.state, wanted)
    if state == row.state:
        return get_sweep(connection, sweep_id)
    if state in controller.END_STATES:
        end_sweep(connection, sweep_id, state, reason="", now=now)
    elif row.state in controller.END_STATES:
        resume(connection, row, now=now)
    else:
        change(connection, sweep_id, state=state, reason="", failures_in_row=0)
        finish_if_done(connection, sweep_id, now=now)
    return get_sweep(connection, sweep_id)


def resume(connection: Connection, sweep: Row[Any], *, now: float) -> None:
    """Continue the search of a locked sweep that is over.

    Raises:
        ServerRefused: status 409; a finished sweep has nothing left to do.
    """
    reopen(connection, sweep, restarts_search=True)
    again = progress_of(connection, lock_sweep(connection, sweep.id), now=now)
    controller.check_resumable(replace(again, state=sweep.state), sweep_id=sweep.id)
    finish_if_done(connection, sweep.id, now=now)


def reopen(connection: Connection, sweep: Row[Any], *, restarts_search: bool = False) -> None:
    """Let a locked sweep that is over run again, or one that failures have paused. A pause by a user stays.

    Args:
        connection: the caller's transaction.
        sweep: the sweep.
        restarts_search: whether the search continues where a lack of progress ended it. Otherwise only trials that are
            pending run.
    """
    if sweep.state in controller.END_STATES:
        is_complete = sweep.state == "finished" and sweep.exhausted  # another end dropped points that were pending
        again: dict[str, object] = {"ended": None, "exhausted": is_complete}
        if restarts_search:
            again |= {"search_end": None, "continued_at": trials.last_end(connection, sweep.id)}
        change(connection, sweep.id, state="running", reason="", failures_in_row=0, **again)
    elif is_paused_by_failures(sweep):
        change(connection, sweep.id, state="running", reason="", failures_in_row=0)


def lock_sweep(connection: Connection, sweep_id: str) -> Row[Any]:
    """Lock a sweep until the transaction ends, and return its row.

    Raises:
        NotFound: the sweep does not exist.
    """
    row = connection.execute(select(schema.sweep).where(schema.sweep.c.id == sweep_id).with_for_update()).one_or_none()
    if row is None:
        raise _no_sweep(sweep_id)
    return row


def definition_of(connection: Connection, sweep_id: str) -> SweepDefinition:
    """Return the sweep's definition.

    Raises:
        NotFound: the sweep does not exist.
    """
    config = connection.scalar(select(schema.sweep.c.config).where(schema.sweep.c.id == sweep_id))
    if config is None:
        raise _no_sweep(sweep_id)
    return define_sweep(config)


def settings_of(connection: Connection, sweep_id: str) -> SweepSettings:
    """Return the sweep's settings, which need no definition.

    Raises:
        NotFound: the sweep does not exist.
    """
    return SweepSettings.of(_load(connection, sweep_id).config)


def progress_of(connection: Connection, row: Row[Any], *, now: float) -> controller.SweepStatus:
    """Return the sweep's state, trial counts and limits, which the controller needs to decide."""
    counted = controller.SweepStatus(
        row.state,
        row.run_cap,
        row.exhausted,
        trials.count_by_state(connection, row.id),
        is_repeat_due=row.exhausted and points.next_repeat(connection, row) is not None,
    )
    if not controller.has_limits(row.config):
        return counted
    reached = limits.limit_reached(connection, row, trials_counted=counted.counted_trials, now=now)
    return replace(counted, limit=reached)


def count_awaited(connection: Connection, row: Row[Any], *, now: float) -> int:
    """Return how many trials run, if the sweep has no other trial before one of them ends; else 0."""
    progress = progress_of(connection, row, now=now)
    is_open = controller.may_suggest(progress) or progress.counts.get("pending") or progress.counts.get("ending")
    if progress.state != "running" or is_open:
        return 0
    return sum(progress.counts.get(state, 0) for state in trials.HELD_STATES)


def end_sweep(connection: Connection, sweep_id: str, state: m.SweepState, *, reason: str, now: float) -> None:
    """End a sweep and drop its pending trials. If it is cancelled, order its running trials to stop."""
    table = schema.trial
    is_pending = (table.c.sweep_id == sweep_id) & (table.c.state == "pending")
    connection.execute(delete(table).where(is_pending, table.c.attempt == 1))  # no agent has leased them
    forget_order(connection, sweep_id)
    connection.execute(
        update(table).where(is_pending).values(state="stopped", ended=now, reason=f"the sweep was {state}")
    )
    if state == "cancelled":
        is_held = (table.c.sweep_id == sweep_id) & table.c.state.in_(("leased", "running"))
        connection.execute(update(table).where(is_held).values(state="stopping", reason="the sweep was cancelled"))
    change(connection, sweep_id, state=state, reason=reason, ended=now)


def finish_if_done(connection: Connection, sweep_id: str, *, now: float) -> bool:
    """Finish a sweep that has nothing left to do. Return whether it is finished now."""
    row = lock_sweep(connection, sweep_id)
    progress = progress_of(connection, row, now=now)
    if progress.limit and row.state in ("running", "paused"):
        trials.drop_suggestions(connection, sweep_id)
        progress = replace(progress, counts=trials.count_by_state(connection, sweep_id))
    if not controller.is_done(progress):
        return False
    end_sweep(connection, sweep_id, "finished", reason=controller.end_reason(progress), now=now)
    return True


def finish_at_target(connection: Connection, sweep: Row[Any], reason: str, *, now: float) -> bool:
    """Finish an open sweep whose metric has met its target. Return whether it is finished now.

    Args:
        connection: the caller's transaction.
        sweep: the sweep, locked.
        reason: which trial met the target; empty if none did.
        now: current time in seconds since the epoch.
    """
    if not reason or sweep.state not in ("running", "paused"):
        return False
    end_sweep(connection, sweep.id, "finished", reason=reason, now=now)
    return True


def count_failures(
    connection: Connection, sweep: Row[Any], *, state: str, error: str, lacks_value: bool = False
) -> None:
    """Count consecutive trials of a locked sweep that failed, and pause the sweep after `max_failures`.

    Args:
        connection: the caller's transaction.
        sweep: the sweep.
        state: state in which a trial has ended.
        error: the trial's last error, or why it has no value.
        lacks_value: whether the trial finished without a value of the metric; it counts as failed.
    """
    if state not in ("failed", "finished", "stopped"):
        return
    failures = sweep.failures_in_row + 1 if state == "failed" or lacks_value else 0
    limit = SweepSettings.of(sweep.config).max_failures
    reason = controller.pause_reason(failures, limit, error, lacks_value=lacks_value)
    if reason is not None and sweep.state == "running":
        change(connection, sweep.id, state="paused", reason=reason, failures_in_row=failures)
    else:
        change(connection, sweep.id, failures_in_row=failures)


def is_paused_by_failures(sweep: Row[Any]) -> bool:
    """Return whether failures have paused the sweep, rather than a user."""
    return bool(sweep.state == "paused" and sweep.failures_in_row >= SweepSettings.of(sweep.config).max_failures)


def mark_exhausted(connection: Connection, sweep_id: str) -> None:
    """Record that the method has no more points."""
    change(connection, sweep_id, exhausted=True)


def note_free_point(connection: Connection, sweep_id: str) -> None:
    """Record that a point of a locked sweep may be free again: the method is asked once more."""
    change(connection, sweep_id, exhausted=False)
    forget_order(connection, sweep_id)


def end_search(connection: Connection, sweep_id: str, reason: str, *, now: float) -> None:
    """Record why the model ends the search. Running trials continue, then the sweep finishes."""
    change(connection, sweep_id, search_end=reason)
    finish_if_done(connection, sweep_id, now=now)


def stop_trial(connection: Connection, trial_id: str, *, now: float, reason: str = "stopped by hand") -> m.Trial:
    """Order a trial to stop. A pending trial is stopped at once.

    Raises:
        NotFound: the trial does not exist.
        ServerRefused: status 409; the trial is over.
    """
    sweep_id = trials.get_trial(connection, trial_id).sweep
    lock_sweep(connection, sweep_id)
    row = trials.lock(connection, trial_id)
    if row.state not in ("stopping", "ending"):
        row = trials.order_stop(connection, row, reason=reason)
    if row.state == "stopped":
        row = trials.change(connection, trial_id, ended=now)
        finish_if_done(connection, sweep_id, now=now)
    return trials.to_message(row)


def change(connection: Connection, sweep_id: str, **values: object) -> None:
    """Set columns of a sweep's row."""
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
    settings, counts = SweepSettings.of(row.config), trials.count_by_state(connection, row.id)
    best, best_point = _best(connection, row.id, settings)
    return m.Sweep(
        id=row.id,
        project=row.project,
        name=row.name,
        description=row.description,
        state=row.state,
        reason=row.reason,
        method=row.config["method"],
        metric=settings.metric,
        goal=settings.goal,
        config=row.config,
        run_cap=row.run_cap,
        created=row.created,
        ended=row.ended,
        counts=counts,
        best=None if best is None else trials.to_message(best),
        origins=trials.count_by_origin(connection, row.id),
        created_by=change_log.creator_of(connection, row.id),
        usage=_usage(connection, row, settings, counts),
        repeats=settings.repeats.count,
        best_point=best_point,
    )


def _best(
    connection: Connection, sweep_id: str, settings: SweepSettings
) -> tuple[Row[Any] | None, m.SweepPoint | None]:
    """Return the best trial; with repeats, the best trial of the best point, and this point."""
    if not settings.repeats.is_used:
        return limits.best_trial(connection, sweep_id, settings.goal), None
    point = points.best_point(connection, sweep_id, settings)
    if point is None:
        return None, None
    table = schema.trial
    query = select(table).where(table.c.sweep_id == sweep_id, table.c.number == point.best_trial)
    return connection.execute(query).one(), point


def _usage(
    connection: Connection, row: Row[Any], settings: SweepSettings, counts: dict[str, int]
) -> m.SweepUsage | None:
    """Return what a sweep with a budget has used by now."""
    if settings.budget == NO_BUDGET:
        return None
    counted = controller.SweepStatus(row.state, row.run_cap, row.exhausted, counts).counted_trials
    used = limits.usage_of(connection, row.id, trials_counted=counted, now=clock.now(connection))
    return m.SweepUsage(used.trials, used.gpu_hours, used.hours, used.cost(settings.budget))
