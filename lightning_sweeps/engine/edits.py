"""What people ask of a sweep beyond its state: other settings, and points of their own.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, update

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.errors import ServerRefused, UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import text
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import read_config, validate
from lightning_sweeps.sweeps.given_point import accept
from lightning_sweeps.sweeps.space import Space

MAX_NOTE = 4096
"""Characters."""

FIXED_KEYS = ("method", "parameters", "metric", "metrics", "seed", "project")
"""Trials that are there already were chosen and judged by these."""


def update_sweep(connection: Connection, sweep_id: str, wanted: m.SweepUpdate, *, now: float) -> m.Sweep:
    """Give a sweep that is not over a new configuration; trials that are open are judged by it from now on.

    Raises:
        NotFound: there is no such sweep.
        SweepFileError: the configuration has faults; nothing is changed.
        ServerRefused: the sweep is over, or a key differs that has to stay.
    """
    parsed = validate(wanted.config)
    row = _lock_open(connection, sweep_id)
    changed = [key for key in FIXED_KEYS if parsed.raw.get(key) != row.config.get(key)]
    if changed:
        raise ServerRefused(
            f"{', '.join(f'`{key}`' for key in changed)} cannot be changed in a sweep that has begun",
            status=409,
            hint="create a new sweep for another search",
        )
    config = parsed.config
    values: dict[str, object] = {"config": parsed.raw, "source": wanted.source, "run_cap": config.run_cap}
    if config.name:
        values["name"] = config.name
    if config.description:
        values["description"] = config.description
    connection.execute(update(schema.sweep).where(schema.sweep.c.id == sweep_id).values(**values))
    sweeps.finish_if_done(connection, sweep_id, now=now)
    return sweeps.get_sweep(connection, sweep_id)


def enqueue_trial(connection: Connection, sweep_id: str, params: dict[str, Any], *, now: float) -> m.Trial:
    """Add a trial with a point that a person gives; it counts for `run_cap` as any other.

    Raises:
        NotFound: there is no such sweep.
        ServerRefused: 409: the sweep is over, has no room, or is a grid; 422: the point is not in its space.
    """
    row = _lock_open(connection, sweep_id)
    config = read_config(row.config)
    if config.method == "grid":
        raise ServerRefused("a grid takes no points: it tries each of its own once", status=409)
    if not sweeps.progress_of(connection, row).has_room:
        raise ServerRefused(
            f"`run_cap` of {row.run_cap} trials is reached",
            status=409,
            hint="raise `run_cap` by an update of the sweep",
        )
    try:
        accepted = accept(Space.of(config.parameters, config.constraints), params)
    except UsageError as error:
        raise ServerRefused(str(error), status=422) from error
    number = trials.last_number(connection, sweep_id) + 1
    return trials.get_trial(connection, trials.add_trial(connection, sweep_id, number=number, params=accepted, now=now))


def mark_trial(connection: Connection, trial_id: str, mark: m.TrialMark) -> m.Trial:
    """Note what a person says of a trial; the search and its best trial heed it from now on.

    Raises:
        NotFound: there is no such trial.
        ServerRefused: 422: the note is too long.
    """
    if mark.note is not None and len(mark.note) > MAX_NOTE:
        raise ServerRefused(f"the note has {len(mark.note)} characters, allowed are {MAX_NOTE}", status=422)
    sweeps.lock_sweep(connection, trials.get_trial(connection, trial_id).sweep)
    row = trials.lock(connection, trial_id)
    values: dict[str, object] = {}
    if mark.ignored is not None:
        values["ignored"] = mark.ignored
    if mark.note is not None:
        values["note"] = text(mark.note)
    return trials.to_message(trials.change(connection, trial_id, **values) if values else row)


def _lock_open(connection: Connection, sweep_id: str) -> Row[Any]:
    row = sweeps.lock_sweep(connection, sweep_id)
    if row.state in controller.END_STATES:
        raise ServerRefused(f"the sweep is over: it is `{row.state}`", status=409, hint="create a new sweep")
    return row
