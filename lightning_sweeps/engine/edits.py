"""Changes that users make to a sweep besides its state: new settings, extra points, ignored trials and notes.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, update

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.errors import Forbidden, ServerRefused, UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import text
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.user_point import check_point

MAX_NOTE_CHARACTERS = 4096

FIXED_KEYS = ("method", "parameters", "metric", "metrics", "seed", "project")
"""Keys that cannot change, because existing trials were chosen and judged by them."""

PROGRAM_KEYS = ("program", "command")
"""Keys that say what agents run."""


def update_sweep(connection: Connection, sweep_id: str, wanted: m.SweepUpdate, *, now: float) -> m.Sweep:
    """Change the configuration of a sweep that is not over. It applies to open trials at once.

    Raises:
        NotFound: the sweep does not exist.
        SweepFileError: the configuration has errors; nothing is changed.
        ServerRefused: status 409; the sweep is over, or one of `FIXED_KEYS` differs.
    """
    parsed = validate(wanted.config)
    row = _lock_open_sweep(connection, sweep_id)
    changed = [key for key in FIXED_KEYS if parsed.raw.get(key) != row.config.get(key)]
    if changed:
        raise ServerRefused(
            f"{', '.join(f'`{key}`' for key in changed)} cannot be changed in a sweep that has started",
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


def refuse_another_program(connection: Connection, sweep_id: str, wanted: m.SweepUpdate) -> None:
    """Refuse a change of what agents run: their owners trust the creator of the sweep.

    Raises:
        NotFound: the sweep does not exist.
        Forbidden: one of `PROGRAM_KEYS` differs.
    """
    config = sweeps.get_sweep(connection, sweep_id).config
    changed = [key for key in PROGRAM_KEYS if wanted.config.get(key) != config.get(key)]
    if changed:
        raise Forbidden(
            f"{', '.join(f'`{key}`' for key in changed)} of a sweep can be changed only by the key that created it and"
            " by keys with the role `admin`",
            status=403,
            hint="create a sweep of your own, or ask its creator",
        )


def enqueue_trial(connection: Connection, sweep_id: str, params: dict[str, Any], *, now: float) -> m.Trial:
    """Add a trial with a parameter set that a user supplies. It counts toward `run_cap`.

    Raises:
        NotFound: the sweep does not exist.
        ServerRefused: status 409: the sweep is over, has reached `run_cap`, or is a grid; status 422: the parameter set
            is not in the space.
    """
    row = _lock_open_sweep(connection, sweep_id)
    definition = define_sweep(row.config)
    if definition.method.is_exhaustive:
        raise ServerRefused("a grid accepts no extra points: it tries each of its points once", status=409)
    if not sweeps.progress_of(connection, row).has_room:
        raise ServerRefused(
            f"`run_cap` of {row.run_cap} trials is reached",
            status=409,
            hint="update the sweep with a larger `run_cap`",
        )
    try:
        checked = check_point(definition.space, params)
    except UsageError as error:
        raise ServerRefused(str(error), status=422) from error
    number = trials.last_number(connection, sweep_id) + 1
    return trials.get_trial(
        connection, trials.add_trial(connection, sweep_id, number=number, params=checked, now=now, chosen_by="user")
    )


def mark_trial(connection: Connection, trial_id: str, mark: m.TrialMark) -> m.Trial:
    """Ignore a trial, or stop ignoring it, and set its note. The search and the best trial change accordingly.

    Raises:
        NotFound: the trial does not exist.
        ServerRefused: status 422; the note is too long.
    """
    if mark.note is not None and len(mark.note) > MAX_NOTE_CHARACTERS:
        raise ServerRefused(f"the note has {len(mark.note)} characters, allowed: {MAX_NOTE_CHARACTERS}", status=422)
    sweeps.lock_sweep(connection, trials.get_trial(connection, trial_id).sweep)
    row = trials.lock(connection, trial_id)
    values: dict[str, object] = {}
    if mark.ignored is not None:
        values["ignored"] = mark.ignored
    if mark.note is not None:
        values["note"] = text(mark.note)
    return trials.to_message(trials.change(connection, trial_id, **values) if values else row)


def _lock_open_sweep(connection: Connection, sweep_id: str) -> Row[Any]:
    row = sweeps.lock_sweep(connection, sweep_id)
    if row.state in controller.END_STATES:
        raise ServerRefused(f"the sweep is over: it is `{row.state}`", status=409, hint="create a new sweep")
    return row
