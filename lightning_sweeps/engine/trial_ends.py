"""The end of a trial: how its processes ended, and when its last rows are there.

An agent reports the end as soon as the trial's processes are gone, with the journals that they wrote and their lengths.
The agent is then free. The trial is `ending` until the server has these journals completely, so that its result is
never judged or shown without its last values. If no part of them arrives for a while, the trial ends without them.

Every function works inside the caller's transaction. Locks are taken in the order journal, sweep, trial, agent.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, gangs, sweeps, trials
from lightning_sweeps.engine.judge import LATE_VALUES
from lightning_sweeps.engine.missing_values import find_value
from lightning_sweeps.store import ingest, runs, schema
from lightning_sweeps.store.column_values import plain
from lightning_sweeps.sweeps.failure import error_line
from lightning_sweeps.sweeps.settings import SweepSettings
from lightning_sweeps.sweeps.trial import Event, end_event


def end_trial(
    connection: Connection, agent_id: str, trial_id: str, end: m.TrialEnd, *, now: float, wait_s: float
) -> m.Trial:
    """Record how the trial's processes ended. Nothing changes if the agent no longer holds the trial.

    Args:
        connection: the caller's transaction.
        agent_id: the agent.
        trial_id: the trial.
        end: how the processes ended, and their journals.
        now: current time in seconds since the epoch.
        wait_s: how long the trial waits for the next part of its journals, in seconds.

    Raises:
        NotFound: the agent or trial does not exist.
        ServerRefused: status 422; the state is not one in which a trial ends.
    """
    agent = agents.get_agent(connection, agent_id)
    gpus = len(agent.gpus)
    end_event(end.state)  # raises if this is not an end state
    ingest.lock_journals(connection, end.journals)
    sweep = sweeps.lock_sweep(connection, trials.get_trial(connection, trial_id).sweep)
    row = trials.lock(connection, trial_id)
    if not gangs.is_held_by(row, agent_id):
        return trials.to_message(row)
    row = trials.forget_silence(connection, row, agent)
    part = gangs.AttemptEnd(end, gpus, gpus * (end.ran_s or 0.0))
    row, whole = gangs.record_part_end(connection, row, agent_id, part)
    agents.release(connection, agent_id, now=now)
    if whole is None:
        return trials.to_message(row)  # the trial ends when its last part ends
    missing, is_stopped = ingest.missing_bytes(connection, whole.end.journals), row.state == "stopping"
    if not missing:
        return _close(connection, sweep, row, whole, is_stopped=is_stopped, ended=now, now=now)
    waiting = asdict(whole) | {"is_stopped": is_stopped, "missing": sum(missing.values()), "wait_s": wait_s}
    row = trials.advance(connection, row, "await", ended=now, lease_expires=now + wait_s, ending=plain(waiting))
    return trials.to_message(row)


def note_arrival(connection: Connection, sweep: Row[Any], trial_id: str, *, now: float) -> bool:
    """Close an `ending` trial if its journals are there. Return whether it is closed now.

    Args:
        connection: the caller's transaction.
        sweep: the trial's sweep, locked.
        trial_id: the trial; a part of one of its journals was just stored.
        now: current time in seconds since the epoch.
    """
    row = trials.lock(connection, trial_id)
    if row.state != "ending":
        return False
    missing = ingest.missing_bytes(connection, row.ending["end"]["journals"])
    if not missing:
        _close_waiting(connection, sweep, row, now=now)
        return True
    if sum(missing.values()) < row.ending["missing"]:
        waiting = row.ending | {"missing": sum(missing.values())}
        trials.change(connection, row.id, ending=waiting, lease_expires=now + row.ending["wait_s"])
    return False


def close_overdue(connection: Connection, *, now: float) -> list[m.Trial]:
    """Close the trials of which no part arrived in time, and return them."""
    table = schema.trial
    late = (table.c.state == "ending") & (table.c.lease_expires < now)
    query = select(table.c.id, table.c.sweep_id).where(late).order_by(table.c.sweep_id, table.c.number)
    closed = []
    for trial_id, sweep_id in connection.execute(query).all():
        sweep = sweeps.lock_sweep(connection, sweep_id)
        row = trials.lock(connection, trial_id)
        if row.state != "ending" or row.lease_expires >= now:
            continue  # its journals arrived, or another server closed it
        missing = ingest.missing_bytes(connection, row.ending["end"]["journals"])
        lack = f"{LATE_VALUES} within {row.ending['wait_s']:g} s: {sum(missing.values())} bytes of {_count(missing)}"
        closed.append(_close_waiting(connection, sweep, row, now=now, lack=lack if missing else ""))
    return closed


def _count(missing: dict[str, int]) -> str:
    return "1 journal" if len(missing) == 1 else f"{len(missing)} journals"


def _close_waiting(connection: Connection, sweep: Row[Any], row: Row[Any], *, now: float, lack: str = "") -> m.Trial:
    waiting = row.ending
    whole = gangs.AttemptEnd(m.TrialEnd(**waiting["end"]), waiting["gpus"], waiting["gpu_s"])
    is_stopped = waiting["is_stopped"]
    return _close(connection, sweep, row, whole, is_stopped=is_stopped, ended=row.ended, now=now, lack=lack)


def _close(
    connection: Connection,
    sweep: Row[Any],
    row: Row[Any],
    whole: gangs.AttemptEnd,
    *,
    is_stopped: bool,
    ended: float,
    now: float,
    lack: str = "",
) -> m.Trial:
    """End a locked trial whose processes have ended.

    Args:
        connection: the caller's transaction.
        sweep: the trial's sweep, locked.
        row: the trial, locked.
        whole: how its processes ended.
        is_stopped: whether the trial was ordered to stop.
        ended: when its processes ended, in seconds since the epoch.
        now: current time in seconds since the epoch.
        lack: what did not arrive of its journals; empty if all did.
    """
    end, settings = whole.end, SweepSettings.of(sweep.config)
    missing = None
    if end.state == "finished" and settings.metric is not None and row.reports == 0 and not lack:
        missing = find_value(connection, sweep, row, settings.metric, now=now)
        row = trials.lock(connection, row.id)
    event: Event = "stop" if is_stopped and end.state != "failed" else end_event(end.state)
    values: dict[str, object] = {"exit_code": end.exit_code, "stderr_tail": str(plain(end.stderr_tail)), "ending": None}
    if end.ran_s is not None:
        values |= {"gpus": whole.gpus, "start_s": end.start_s, "gpu_s": (row.gpu_s or 0.0) + whole.gpu_s}
    if event == "preempt":
        reason = end.reason or "preempted"
        row = trials.change(connection, row.id, **values)
        closed = trials.requeue(connection, row, settings=settings, reason=reason, now=now, interruption="preempt")
    else:
        reason = _end_reason(row, end, is_stopped=is_stopped, lack=lack)
        if missing is not None:
            reason = reason or missing.reason
        closed = trials.advance(connection, row, event, lease_expires=None, ended=ended, reason=reason, **values)
    explain_runs(connection, row.id, exit_code=end.exit_code, reason=error_line_of(end))
    lacks_value = missing is not None and missing.is_failure and not is_stopped
    sweeps.count_failures(connection, sweep, state=closed.state, error=_error_of(closed), lacks_value=lacks_value)
    sweeps.finish_if_done(connection, sweep.id, now=now)
    return trials.to_message(closed)


def explain_runs(connection: Connection, trial_id: str, *, exit_code: int | None, reason: str) -> None:
    """Say at the runs of a trial why its program failed: the service knows only the exit status."""
    if exit_code and reason:
        runs.explain_exit(connection, trial_id, exit_code=exit_code, reason=reason)


def error_line_of(end: m.TrialEnd) -> str:
    """Return why the processes of a trial failed, in one line; empty if they did not."""
    if end.state != "failed":
        return ""
    return error_line(reason=end.reason, exit_code=end.exit_code, stderr_tail=end.stderr_tail)


def _end_reason(row: Row[Any], end: m.TrialEnd, *, is_stopped: bool, lack: str) -> str:
    if lack:
        return "; ".join(filter(None, (lack, row.reason if is_stopped else end.reason)))
    if is_stopped and end.state != "failed":
        return str(row.reason)
    return end.reason or ("" if is_stopped else str(row.reason))  # why it was not judged


def _error_of(row: Row[Any]) -> str:
    """Return the error of a trial that failed, or why it has no value."""
    return trials.to_message(row).error or str(row.reason)
