"""Creates, updates and lists runs."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, select, update

from lightning_sweeps.core.states import RunsShown
from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal.closing import UNKNOWN_END, ExitStatus
from lightning_sweeps.journal.records import Header, RunInfo, Stall
from lightning_sweeps.messages import RunDetails, RunList
from lightning_sweeps.messages.columns import DeclaredColumn, declared_columns
from lightning_sweeps.store import clock, last_values, schema
from lightning_sweeps.store.batch import Batch, merge
from lightning_sweeps.store.column_values import int32, int64, plain, text, usable_time
from lightning_sweeps.store.database import insert
from lightning_sweeps.store.project_access import Projects
from lightning_sweeps.store.projects import ensure_project
from lightning_sweeps.store.run_search import RunSearch, equal_to, search_runs

AT_ONCE = 500
"""Number of runs in one SQL statement."""

SEVERITY = ("finished", "stopped", "preempted", "lost", "killed", "failed")
"""If the writers of one run ended differently, the run's state is the last of these."""

_run = schema.run
_COLUMNS = declared_columns(RunDetails)
_FROM_HEADER = [(one, attrgetter(one.column.header)) for one in _COLUMNS if one.column.header]
_LOCK = select(_run).where(_run.c.id == bindparam("at_id")).with_for_update()
_SELECT_FOR_BATCH = (
    select(*(_run.c[name] for name in ("logged", "updated", "rows", "console_bytes", "trial_id", "state", "reason")))
    .where(_run.c.id == bindparam("at_id"))
    .with_for_update()
)
_UPDATE_BY_BATCH = (
    update(_run)
    .where(_run.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("logged", "updated", "rows", "console_bytes")})
)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """State of a run, and how it ended."""

    state: str
    reason: str
    exit_code: int | None
    signal: int | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; None leaves a condition out."""

    project: str | None = None
    group: str | None = None
    sweep: str | None = None
    trial: str | None = None
    state: str | None = None
    limit: int = 100
    offset: int = 0
    shown: RunsShown = "active"
    cursor: str | None = None
    """Where the page begins."""
    projects: Projects = None
    """Only runs of these projects."""


def outcome(finishes: Sequence[dict[str, Any] | None]) -> RunOutcome:
    """Return the state of a run from the ends of its writers.

    Args:
        finishes: the finish record of each writer; None for a writer that is still running.
    """
    ends = [finish for finish in finishes if finish is not None and finish["state"] in SEVERITY]
    if not ends or len(ends) < len(finishes):
        return RunOutcome("running", "", None, None, None)
    worst = max(ends, key=lambda finish: SEVERITY.index(finish["state"]))
    ended = max(float(finish["time"]) for finish in ends)
    return RunOutcome(worst["state"], worst["reason"], worst["exit_code"], worst["signal"], ended)


def lock_run(connection: Connection, run_id: str) -> RowMapping | None:
    """Return the run's row and lock it until the transaction ends; None for an unknown run."""
    return connection.execute(_LOCK, {"at_id": run_id}).mappings().first()


def ensure_run(connection: Connection, header: Header, info: RunInfo, *, now: float, by: str | None = None) -> bool:
    """Create the run of a journal's header, or update it; lock it, and return True if it was created.

    `by` is the name of the API key that creates it.
    """
    known = lock_run(connection, info.id)
    created = usable_time(header.created, now)
    given = {one.sql_name: _stored_value(one, read(header)) for one, read in _FROM_HEADER}
    if known is None:
        row = given | {"created": created, "updated": created, "state": "running", "reason": "", "rows": 0}
        row |= {"logged": {}, "summary": {}, "created_by": None if by is None else text(by)}
        row["project_id"] = ensure_project(connection, info.project, now=now)
        made = insert(connection, schema.run).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        if connection.execute(made, row).rowcount:
            return True
        known = lock_run(connection, info.id)
        assert known is not None  # noqa: S101  another server has just inserted it
    changes = _changes(known, given, is_child=bool(header.parent)) | {"created": min(known["created"], created)}
    connection.execute(update(_run).where(_run.c.id == info.id).values(**changes))
    return False


def _stored_value(declared: DeclaredColumn, value: Any) -> Any:
    """Convert a header's value to the type of its SQL column."""
    if value is None:
        return None
    if declared.kind is str:
        return text(value)
    if declared.kind is int:
        return int64(value) if declared.column.is_long else int32(value)
    if declared.kind is list and declared.column.update == "merge":
        return list(dict.fromkeys(plain(value)))
    return plain(value)


def _changes(known: RowMapping, given: dict[str, Any], *, is_child: bool) -> dict[str, Any]:
    """Return what a later header changes in the run's row. A child of the main process describes no run."""
    is_later = given["attempt"] > known["attempt"]
    is_same = given["attempt"] == known["attempt"] and given["rank"] <= known["rank"]
    is_main = not is_child and (is_later or is_same)
    changes: dict[str, Any] = {}
    for declared, _ in _FROM_HEADER:
        name, how = declared.sql_name, declared.column.update
        if how == "merge":
            changes[name] = _merged(known[name], given[name])
        elif (how == "writer" and is_main) or (how == "attempt" and is_later and given[name]):
            changes[name] = given[name]
    return changes


def _merged(known: Any, given: Any) -> Any:
    if isinstance(given, dict):
        return merge(known, given)
    return [*known, *(item for item in given if item not in known)]


def apply(connection: Connection, run_id: str, batch: Batch) -> str | None:
    """Write a batch's values into the run's row and return the id of its trial. Series are not written here."""
    known = connection.execute(_SELECT_FOR_BATCH, {"at_id": run_id}).mappings().one()
    values: dict[str, Any] = {
        "logged": last_values.merge(connection, run_id, known["logged"], batch.logged),
        "updated": max(known["updated"], batch.latest),
        "rows": known["rows"] + len(batch.rows),
        "console_bytes": (known["console_bytes"] or 0) + sum(len(line["line"].encode()) for line in batch.console),
    }
    connection.execute(_UPDATE_BY_BATCH, values | {"at_id": run_id})
    if batch.config or batch.summary:  # rare, and a configuration may be long
        stored = connection.execute(select(_run.c.config, _run.c.summary).where(_run.c.id == run_id)).one()
        changed = {"config": merge(stored.config, batch.config), "summary": stored.summary | batch.summary}
        connection.execute(update(_run).where(_run.c.id == run_id).values(**changed))
    if batch.labels:
        connection.execute(update(_run).where(_run.c.id == run_id).values(**batch.labels))
    if batch.rows and known["state"] == "running" and known["reason"]:  # it had stalled and makes progress again
        connection.execute(update(_run).where(_run.c.id == run_id).values(reason=""))
    trial_id: str | None = known["trial_id"]
    return trial_id


def note_stall(connection: Connection, stall: Stall, *, journal_id: str) -> None:
    """Add the stacks of a run that stalled to its console lines. The place is also its reason while it is running."""
    reason = text(stall.where)
    run_id = text(stall.run)
    if connection.scalar(select(_run.c.id).where(_run.c.id == run_id)) is None:
        return
    is_running = (_run.c.id == run_id) & (_run.c.state == "running")
    connection.execute(update(_run).where(is_running).values(reason=reason))
    lines = [reason, *text(stall.stacks).splitlines()]
    place = {"run_id": run_id, "journal_id": journal_id, "sequence": int64(stall.sequence)}
    same = place | {"time": usable_time(stall.time, clock.now(connection))}
    rows = [{**same, "stream": "stacks", "line": line} for line in lines]
    connection.execute(insert(connection, schema.console), rows)


def note_waiting(connection: Connection, journal_id: str, reason: str) -> None:
    """Set the reason of a journal's running run: new rows of it wait. With the next row that arrives, it is unset."""
    of_journal = select(schema.journal.c.run_id).where(schema.journal.c.id == journal_id).scalar_subquery()
    is_it = (_run.c.id == of_journal) & (_run.c.state == "running") & (_run.c.reason != reason)
    connection.execute(update(_run).where(is_it).values(reason=reason))


def note_child_end(
    connection: Connection, run_id: str, finish: dict[str, Any], known: dict[str, Any] | None, *, journal_id: str
) -> None:
    """Note in the console of a run that a child of its main process failed or was killed.

    SIGTERM is left out: it is how a pool of worker processes is ended. So are an end that nobody saw, and one that is
    known already and of which only the exit status is new.
    """
    is_known = known is not None and all(known[name] == finish[name] for name in ("state", "reason"))
    is_failure = finish["state"] in ("failed", "killed") and finish["reason"] != UNKNOWN_END
    if is_known or not is_failure or finish["signal"] == signal.SIGTERM:
        return
    line = f"a child process that logged to this run {finish['state']}: {finish['reason']}"
    place = {"run_id": run_id, "journal_id": journal_id, "sequence": 0, "time": finish["time"]}
    connection.execute(insert(connection, schema.console), [place | {"stream": "event", "line": line}])


def settle(connection: Connection, run_id: str) -> None:
    """Set the run's state from the journals of its latest attempt: those of main processes, not of their children."""
    journal = schema.journal
    latest = select(_run.c.attempt).where(_run.c.id == run_id).scalar_subquery()
    writers = select(journal.c.finish, journal.c.parent).where(journal.c.run_id == run_id, journal.c.attempt == latest)
    found = connection.execute(writers).all()
    main = [row.finish for row in found if row.parent is None]
    now = outcome(main or [row.finish for row in found])
    connection.execute(
        update(_run)
        .where(_run.c.id == run_id)
        .values(state=now.state, reason=now.reason, exit_code=now.exit_code, signal=now.signal, ended=now.ended)
    )


def explain_exit(connection: Connection, trial_id: str, *, exit_code: int, reason: str) -> None:
    """Give the runs of a trial that ended with an exit status and nothing more the reason of the trial.

    Args:
        connection: the caller's transaction.
        trial_id: the trial, which has failed.
        exit_code: its exit code. Runs that ended in another way keep their reason.
        reason: why it failed, from what it printed.
    """
    is_bare = _run.c.reason == ExitStatus(code=exit_code).describe()
    connection.execute(update(_run).where(_run.c.trial_id == trial_id, is_bare).values(reason=text(reason)))


def list_runs(connection: Connection, chosen: RunFilter) -> RunList:
    """Return one page of the chosen runs, newest first, and the number of runs on all pages."""
    tree = equal_to(group=chosen.group, sweep=chosen.sweep, trial=chosen.trial, state=chosen.state)
    search = RunSearch(
        tree,
        project=chosen.project,
        projects=chosen.projects,
        shown=chosen.shown,
        limit=chosen.limit,
        offset=chosen.offset,
        cursor=chosen.cursor,
    )
    found = search_runs(connection, search)
    rows = {row["id"]: row for row in connection.execute(_joined().where(_run.c.id.in_(found.ids))).mappings()}
    listed = _messages(connection, [rows[run_id] for run_id in found.ids if run_id in rows])
    return RunList(listed, found.total, found.next_page)


def shown_runs(which: RunsShown) -> list[ColumnElement[bool]]:
    """Return the conditions for the runs that a list shows."""
    if which == "all":
        return []
    if which == "deleted":
        return [_run.c.deleted.is_not(None)]
    kept = _run.c.deleted.is_(None)
    return [kept, _run.c.archived.is_(None) if which == "active" else _run.c.archived.is_not(None)]


def get_run(connection: Connection, run_id: str) -> RunDetails:
    """Return one run.

    Raises:
        NotFound: there is no such run.
    """
    row = connection.execute(_joined().where(_run.c.id == run_id)).mappings().first()
    if row is None:
        raise no_run(run_id)
    return _messages(connection, [row])[0]


def get_runs(connection: Connection, run_ids: Sequence[str]) -> list[RunDetails]:
    """Return several runs, in this order. Runs that do not exist are left out."""
    rows: dict[str, RowMapping] = {}
    for start in range(0, len(run_ids), AT_ONCE):
        some = _joined().where(_run.c.id.in_(run_ids[start : start + AT_ONCE]))
        rows |= {row["id"]: row for row in connection.execute(some).mappings()}
    return _messages(connection, [rows[run_id] for run_id in run_ids if run_id in rows])


def no_run(run_id: str) -> NotFound:
    """Return the error for an unknown run."""
    return NotFound(f"there is no run `{run_id}`", hint="`lightning-sweeps runs` lists the runs of this server")


def _joined() -> Select[Any]:
    return select(_run, schema.project.c.name.label("project")).join(schema.project)


def _messages(connection: Connection, rows: Sequence[RowMapping]) -> list[RunDetails]:
    further = last_values.of_runs(connection, [row["id"] for row in rows])
    return [_message(row, row["logged"] | further.get(row["id"], {})) for row in rows]


def _message(row: RowMapping, logged: dict[str, Any]) -> RunDetails:
    values = {one.name: row[one.sql_name] for one in _COLUMNS}
    return RunDetails(**values | {"summary": logged | row["summary"]})
