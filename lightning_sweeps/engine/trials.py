"""The trial table: reads and locks trials and changes their state by the transitions in `sweeps/trial.py`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.engine import attempts
from lightning_sweeps.engine.interruptions import Interruption, judge_interruption
from lightning_sweeps.engine.tried_points import forget_order
from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema
from lightning_sweeps.store.changes import OVERLAP_S
from lightning_sweeps.sweeps.failure import FAILED_STATES, error_line
from lightning_sweeps.sweeps.settings import SweepSettings
from lightning_sweeps.sweeps.trial import Event, transition

HELD_STATES = ("leased", "running", "stopping")
"""States in which an agent holds the trial."""

VALUES_ON_THEIR_WAY = "its last values are on their way"

TrialRow = Row[Any]


def to_message(row: TrialRow) -> m.Trial:
    """Return a row as a message."""
    return m.Trial(
        id=row.id,
        sweep=row.sweep_id,
        number=row.number,
        state=row.state,
        params=row.params,
        attempt=row.attempt,
        agent=row.agent_id,
        objective=row.objective,
        last_objective=row.last_objective,
        reports=row.reports,
        reason=row.reason or (VALUES_ON_THEIR_WAY if row.state == "ending" else ""),
        exit_code=row.exit_code,
        stderr_tail=row.stderr_tail,
        created=row.created,
        started=row.started,
        ended=row.ended,
        gpus=row.gpus,
        start_s=row.start_s,
        gpu_s=row.gpu_s,
        ignored=bool(row.ignored),
        note=row.note or "",
        gang=None if row.gang is None else _gang(row.gang),
        end_number=row.end_number if row.state in m.FINAL_TRIAL_STATES else None,
        chosen_by=row.chosen_by,
        known_ends=row.known_ends,
        unseen_ends=row.unseen_ends,
        error=_error(row) if row.state in FAILED_STATES else "",
        discarded=bool(row.discarded),
        point=row.number if row.point_number is None else row.point_number,
        repeat=row.repeat or 1,
        values=row.judged.get("values", {}),
    )


def _error(row: TrialRow) -> str:
    return error_line(reason=row.reason, exit_code=row.exit_code, stderr_tail=row.stderr_tail)


def _gang(stored: dict[str, Any]) -> m.Gang:
    return m.Gang(stored["endpoint"], [member["agent"] for member in stored["members"]])


def get_trial(connection: Connection, trial_id: str) -> m.Trial:
    """Return one trial.

    Raises:
        NotFound: the trial does not exist.
    """
    return to_message(load(connection, select(schema.trial).where(schema.trial.c.id == trial_id), trial_id))


def list_trials(connection: Connection, sweep_id: str, *, after: int = 0, limit: int | None = None) -> list[m.Trial]:
    """Return a sweep's trials with numbers above `after`, in the order of their numbers.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        after: number of the last trial of the page before.
        limit: maximum number of trials; None: no limit.
    """
    table = schema.trial
    query = select(table).where(table.c.sweep_id == sweep_id, table.c.number > after).order_by(table.c.number)
    return [to_message(row) for row in connection.execute(query.limit(limit))]


def changed_trials(connection: Connection, sweep_id: str, *, since: float | None) -> list[m.Trial]:
    """Return a sweep's trials that changed since a cursor, or all for None, in the order of their numbers."""
    if since is None:
        return list_trials(connection, sweep_id)
    table = schema.trial
    changed = select(table).where(table.c.sweep_id == sweep_id, table.c.changed > since - OVERLAP_S)
    return [to_message(row) for row in connection.execute(changed.order_by(table.c.number))]


def lock(connection: Connection, trial_id: str) -> TrialRow:
    """Lock a trial until the transaction ends, and return its row.

    Raises:
        NotFound: the trial does not exist.
    """
    query = select(schema.trial).where(schema.trial.c.id == trial_id).with_for_update()
    return load(connection, query, trial_id)


def load(connection: Connection, query: Select[Any], trial_id: str) -> TrialRow:
    """Return the only row of a query.

    Raises:
        NotFound: the query has no row.
    """
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no trial `{trial_id}`", status=404, hint="list them with `lightning-sweeps status <sweep>`")
    return row


def change(connection: Connection, trial_id: str, **values: object) -> TrialRow:
    """Update columns of a locked trial, and return its row."""
    table = schema.trial
    connection.execute(update(table).where(table.c.id == trial_id).values(**values))
    return connection.execute(select(table).where(table.c.id == trial_id)).one()


def advance(connection: Connection, row: TrialRow, event: Event, **values: object) -> TrialRow:
    """Apply an event to a locked trial and update other columns too.

    Raises:
        ServerRefused: status 409; the event is not allowed in the trial's state.
    """
    state = transition(row.state, event)
    if state in m.FINAL_TRIAL_STATES:
        values["end_number"] = last_end(connection, row.sweep_id) + 1
    return change(connection, row.id, state=state, **values)


def forget_silence(connection: Connection, row: TrialRow, agent: m.Agent) -> TrialRow:
    """Remove from a locked trial the note that its agent is silent, because the agent has reported. Return its row."""
    return row if agent.state != "lost" or row.state == "stopping" else change(connection, row.id, reason="")


def order_stop(connection: Connection, row: TrialRow, *, reason: str, **values: object) -> TrialRow:
    """Order a locked trial to stop, and update other columns too. A trial whose processes have ended counts as stopped.

    Raises:
        ServerRefused: status 409; the trial is over.
    """
    if row.state == "ending":
        values["ending"] = row.ending | {"is_stopped": True}
    return advance(connection, row, "order_stop", **values | {"reason": reason})


def add_trial(
    connection: Connection, sweep_id: str, *, number: int, params: dict[str, Any], now: float, **origin: object
) -> str:
    """Add a pending trial and return its id. The caller holds the sweep's lock.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        number: the trial's number.
        params: its parameters.
        now: current time in seconds since the epoch.
        origin: the columns `point_number`, `point_index`, `repeat`, `chosen_by` and `known_ends`.
    """
    trial_id = new_id()
    connection.execute(
        insert(schema.trial).values(
            id=trial_id,
            sweep_id=sweep_id,
            number=number,
            state="pending",
            params=params,
            attempt=1,
            reports=0,
            reason="",
            stderr_tail="",
            judged={},
            created=now,
            **origin,
        )
    )
    return trial_id


def count_unseen(connection: Connection, row: TrialRow) -> dict[str, int | None]:
    """Return the column `unseen_ends` of a trial that is leased now."""
    if row.known_ends is None:
        return {"unseen_ends": None}
    table = schema.trial
    is_ending = (table.c.sweep_id == row.sweep_id) & (table.c.state == "ending")
    ending = connection.scalar(select(func.count()).select_from(table).where(is_ending)) or 0
    return {"unseen_ends": last_end(connection, row.sweep_id) + ending - row.known_ends}


def last_number(connection: Connection, sweep_id: str) -> int:
    """Return the highest number of the sweep's trials, or 0 if it has no trial."""
    return connection.scalar(select(func.max(schema.trial.c.number)).where(schema.trial.c.sweep_id == sweep_id)) or 0


def last_end(connection: Connection, sweep_id: str, *, until: float | None = None) -> int:
    """Return the number of the sweep's trials that have ended.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        until: count only up to the last trial whose processes ended by this time, in seconds since the epoch.
    """
    table = schema.trial
    ends = select(table.c.end_number).where(table.c.sweep_id == sweep_id, table.c.end_number.is_not(None))
    last = ends.order_by(table.c.end_number.desc()).limit(1)
    return connection.scalar(last if until is None else last.where(table.c.ended <= until)) or 0


def requeue(
    connection: Connection,
    row: TrialRow,
    *,
    settings: SweepSettings,
    reason: str,
    now: float,
    interruption: Interruption = "lose",
) -> TrialRow:
    """Take a locked trial from its agent, to run it again.

    Its reports are deleted when the next attempt reports, unless that attempt resumes from a checkpoint. A trial that
    was ordered to stop is stopped instead.

    Args:
        connection: the caller's transaction.
        row: the trial.
        settings: the sweep's settings, which limit how often the trial may run again.
        reason: why the agent loses the trial.
        now: current time in seconds since the epoch.
        interruption: what happened to the attempt; also the event of a trial that may not run again.

    Returns:
        The trial's row.
    """
    if row.state == "stopping":
        kept = f"{row.reason}; {reason}"
        return advance(connection, row, interruption, lease_expires=None, ended=now, reason=kept)
    verdict = judge_interruption(connection, row, interruption, settings)
    counts: dict[str, object] = {
        "preemptions": verdict.preemptions,
        "losses": verdict.losses,
        "resumed_step": verdict.resumed_step,
    }
    described = f"{reason} ({verdict.count})"
    if not verdict.runs_again:
        return advance(connection, row, interruption, lease_expires=None, ended=now, reason=described, **counts)
    state: m.TrialState = "preempted" if interruption == "preempt" else "lost"
    attempts.record_attempt(connection, row, state=state, reason=reason, ended=row.ended or now)
    again = _next_attempt(row) | counts
    return advance(connection, row, "requeue", **again, reason=f"runs again: {described}")


def retry(connection: Connection, row: TrialRow, *, by: str, now: float) -> TrialRow:
    """Make a locked trial that has ended pending again, as its next attempt. The old attempt is recorded.

    Args:
        connection: the caller's transaction.
        row: the trial.
        by: name of the user's API key.
        now: current time in seconds since the epoch.

    Raises:
        ServerRefused: status 409; the trial has not ended.
    """
    transition(row.state, "retry")
    attempts.record_attempt(connection, row, state=row.state, reason=row.reason, ended=row.ended or now)
    again = _next_attempt(row) | {"exit_code": None, "stderr_tail": "", "preemptions": None, "losses": None}
    return advance(connection, row, "retry", **again, discarded=None, reason=f"run again by {by}")


def _next_attempt(row: TrialRow) -> dict[str, object]:
    """Return the columns of a trial that is pending again. `end_number` stays: later suggestions knew that end."""
    return {
        "attempt": row.attempt + 1,
        "agent_id": None,
        "lease_expires": None,
        "gang": None,
        "objective": None,
        "last_objective": None,
        "reports": 0,
        "judged": row.judged | {"attempt": row.judged.get("attempt", row.attempt)},
        "started": None,
        "ended": None,
    }


def drop_suggestions(connection: Connection, sweep_id: str) -> None:
    """Delete the pending trials that a method chose and that no agent has leased. The caller holds the sweep's lock."""
    table = schema.trial
    is_suggested = (table.c.sweep_id == sweep_id) & (table.c.state == "pending") & (table.c.attempt == 1)
    connection.execute(delete(table).where(is_suggested, table.c.chosen_by != "user"))
    forget_order(connection, sweep_id)


def count_by_state(connection: Connection, sweep_id: str) -> dict[str, int]:
    """Return the number of the sweep's trials in each state, without discarded ones and states that have none."""
    table = schema.trial
    counts = (table.c.sweep_id == sweep_id) & table.c.discarded.is_not(True)
    query = select(table.c.state, func.count()).where(counts).group_by(table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_by_origin(connection: Connection, sweep_id: str) -> dict[str, int]:
    """Return the number of the sweep's trials by what chose their point."""
    table = schema.trial
    is_known = (table.c.sweep_id == sweep_id) & table.c.chosen_by.is_not(None) & table.c.discarded.is_not(True)
    query = select(table.c.chosen_by, func.count()).where(is_known).group_by(table.c.chosen_by)
    return {row[0]: row[1] for row in connection.execute(query)}
