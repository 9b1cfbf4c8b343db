"""Ends runs that nobody ends: those whose machine has been silent for long, and those that a person closes.

An end that the server writes holds until the run's machine sends something again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select, update

from lightning_sweeps.core.states import RunState
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.store import runs, schema

_run = schema.run
_journal = schema.journal


def end_silent_runs(connection: Connection, *, now: float, lost_s: float, answering_since: float) -> list[str]:
    """Give running runs whose machines have sent nothing for `lost_s` seconds the state `lost`; return their ids.

    Args:
        connection: a transaction that writes.
        now: the server's time, in seconds since the epoch.
        lost_s: longest silence of a machine.
        answering_since: since when the server has answered: silence before that proves nothing.
    """
    if now - answering_since < lost_s:
        return []
    silent = []
    for journal in _open_journals(connection, _run.c.state == "running", _journal.c.updated < now - lost_s):
        reason = f"nothing has arrived from its machine `{journal.host}` for {now - journal.updated:.0f} s"
        if _end(connection, journal, "lost", reason, writer="server", at=journal.updated):
            silent.append(journal.run_id)
    settled = _settle(connection, silent)
    return list(connection.scalars(select(_run.c.id).where(_run.c.id.in_(settled), _run.c.state == "lost")))


def close(connection: Connection, run_id: str, *, now: float) -> RunDetails:
    """End a running run whose process is known to be dead. If it logs again, it is running again.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    for journal in _open_journals(connection, _journal.c.run_id == run_id):
        _end(connection, journal, "killed", "closed by a person", writer="person", at=now)
    _settle(connection, [run_id])
    return runs.get_run(connection, run_id)


def _open_journals(connection: Connection, *conditions: Any) -> list[Row[Any]]:
    columns: tuple[Any, ...] = (_journal.c.id, _journal.c.run_id, _journal.c.updated, _run.c.host)
    query = select(*columns).join(_run, _run.c.id == _journal.c.run_id).where(_journal.c.finish.is_(None), *conditions)
    return list(connection.execute(query))


def _end(connection: Connection, journal: Row[Any], state: RunState, reason: str, *, writer: str, at: float) -> bool:
    """End a journal, unless something of it has arrived in the meantime."""
    end = {"state": state, "reason": reason, "exit_code": None, "signal": None, "writer": writer, "time": at}
    is_as_read = (_journal.c.id == journal.id) & (_journal.c.updated == journal.updated) & _journal.c.finish.is_(None)
    return connection.execute(update(_journal).where(is_as_read).values(finish=end)).rowcount == 1


def _settle(connection: Connection, run_ids: Iterable[str]) -> list[str]:
    """Settle runs in the order in which everyone locks them, and return them."""
    ordered = sorted(set(run_ids))
    for run_id in ordered:
        runs.lock_run(connection, run_id)
        runs.settle(connection, run_id)
    return ordered
