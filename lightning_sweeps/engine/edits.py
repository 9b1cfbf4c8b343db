"""Changes that users make to a sweep besides its state: new settings, extra points, ignored trials and notes.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import points, sweeps, trials
from lightning_sweeps.engine.tried_points import index_of
from lightning_sweeps.errors import Forbidden, ServerRefused, UsageError
from lightning_sweeps.store.column_values import text
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.config_changes import changes_search, fixed_changes
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.user_point import check_point

MAX_NOTE_CHARACTERS = 4096

PROGRAM_KEYS = ("program", "command")
"""Keys that say what agents run."""


def update_sweep(connection: Connection, sweep_id: str, wanted: m.SweepUpdate, *, now: float) -> m.Sweep:
    """Change the configuration of a sweep. It applies to open trials at once.

    A finished sweep that has something to do then runs again. One that a user ended keeps its state.

    Raises:
        NotFound: the sweep does not exist.
        SweepFileError: the configuration has errors; nothing is changed.
        ServerRefused: status 409; a setting differs that cannot change.
    """
    parsed = validate(wanted.config)
    row = sweeps.lock_sweep(connection, sweep_id)
    if fixed := fixed_changes(row.config, parsed.raw):
        raise ServerRefused(
            f"{', '.join(f'`{key}`' for key in fixed)} cannot be changed in a sweep that has started",
            status=409,
            hint="create a new sweep; `--prior-sweep` lets it start with these results",
        )
    config = parsed.config
    values: dict[str, object] = {"config": parsed.raw, "source": wanted.source, "run_cap": config.run_cap}
    if config.name:
        values["name"] = config.name
    if config.description:
        values["description"] = config.description
    if changes_search(row.config, parsed.raw):
        values |= {"exhausted": False, "search_end": None, "search_changes": (row.search_changes or 0) + 1}
        values["tried_below"] = None
        values |= {} if config.seed is None else {"seed": config.seed}
        trials.drop_suggestions(connection, sweep_id)
    if parsed.raw.get("stop_when") != row.config.get("stop_when"):
        values["search_end"] = None
    sweeps.change(connection, sweep_id, **values)
    _continue_if_finished(connection, sweep_id, now=now)
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


def extend_sweep(connection: Connection, sweep_id: str, trials_more: int, *, now: float) -> m.Sweep:
    """Raise `run_cap`. A finished sweep runs again.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        trials_more: how many trials more than `run_cap`, or than there are if they are more.
        now: current time in seconds since the epoch.

    Raises:
        NotFound: the sweep does not exist.
        ServerRefused: status 409: a user ended the sweep, it has no `run_cap`, or something else has ended it; status
            422: the number is less than 1.
    """
    if trials_more < 1:
        raise ServerRefused(f"a sweep cannot be extended by {trials_more} trials, allowed: 1 or more", status=422)
    row = sweeps.lock_sweep(connection, sweep_id)
    controller.check_reopenable(row.state, sweep_id=sweep_id)
    if row.run_cap is None:
        is_over = row.state in controller.END_STATES
        raise ServerRefused(
            "the sweep has no `run_cap` that could be extended"
            + (f": it is finished because {row.reason}" if is_over and row.reason else ""),
            status=409,
            hint="continue it with `--resume`, or change what ended it with `--update`"
            if is_over
            else "it continues without a limit",
        )
    cap = max(row.run_cap, sweeps.progress_of(connection, row, now=now).counted_trials) + trials_more
    sweeps.change(connection, sweep_id, run_cap=cap, config=row.config | {"run_cap": cap})
    if row.state in controller.END_STATES:
        sweeps.resume(connection, sweeps.lock_sweep(connection, sweep_id), now=now)
    return sweeps.get_sweep(connection, sweep_id)


def enqueue_trial(connection: Connection, sweep_id: str, params: dict[str, Any], *, now: float) -> m.Trial:
    """Add a trial with a parameter set that a user supplies. It counts toward `run_cap`. A finished sweep runs again.

    Raises:
        NotFound: the sweep does not exist.
        ServerRefused: status 409: a user ended the sweep, or it has reached `run_cap`; status 422: the parameter set is
            not in the space.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    controller.check_reopenable(row.state, sweep_id=sweep_id)
    if not sweeps.progress_of(connection, row, now=now).has_room:
        raise ServerRefused(
            f"`run_cap` of {row.run_cap} trials is reached",
            status=409,
            hint=f"raise it first: `lightning-sweeps sweep {sweep_id} --extend 1`",
        )
    space = define_sweep(row.config).space
    try:
        checked = check_point(space, params)
    except UsageError as error:
        raise ServerRefused(str(error), status=422) from error
    if row.state in controller.END_STATES:
        sweeps.reopen(connection, row)
    number, point = trials.last_number(connection, sweep_id) + 1, points.last_point(connection, sweep_id) + 1
    origin = {"chosen_by": "user", "point_number": point, "point_index": index_of(space, checked)}
    added = trials.add_trial(connection, sweep_id, number=number, params=checked, now=now, **origin)
    return trials.get_trial(connection, added)


def mark_trial(connection: Connection, trial_id: str, mark: m.TrialMark) -> m.Trial:
    """Ignore or discard a trial, or undo that, and set its note. The search and the best trial change accordingly.

    The point of a discarded trial is free: the sweep may try it again, and the trial does not count in the sweep.

    Raises:
        NotFound: the trial does not exist.
        ServerRefused: status 422: the note is too long; status 409: a trial that has not ended cannot be discarded.
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
    if mark.discarded is not None:
        if row.state not in m.FINAL_TRIAL_STATES:
            raise ServerRefused(
                f"trial {row.number} is `{row.state}`; only a trial that has ended can be discarded", status=409
            )
        values["discarded"] = mark.discarded
        sweeps.note_free_point(connection, row.sweep_id)
    return trials.to_message(trials.change(connection, trial_id, **values) if values else row)


def _continue_if_finished(connection: Connection, sweep_id: str, *, now: float) -> None:
    """Let a finished sweep run again if it has something left to do."""
    row = sweeps.lock_sweep(connection, sweep_id)
    if row.state == "finished" and not controller.end_reason(sweeps.progress_of(connection, row, now=now)):
        sweeps.reopen(connection, row, restarts_search=True)
