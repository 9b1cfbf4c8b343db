"""Runs: made and changed by the journals of their writers, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select, update

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal.records import Header, RunInfo, Stall
from lightning_sweeps.messages import Run, RunLabels, RunList
from lightning_sweeps.store import schema
from lightning_sweeps.store.batch import Batch, merge
from lightning_sweeps.store.column_values import int32, plain, text, usable_time
from lightning_sweeps.store.database import insert
from lightning_sweeps.store.projects import ensure_project

SEVERITY = ("finished", "stopped", "preempted", "killed", "failed")
"""Where the writers of one run ended differently, the last one of these is the run's state."""

MOST_TAGS, MOST_TAG, MOST_NOTES = 100, 200, 20_000

_run = schema.run
_LOCK = select(_run).where(_run.c.id == bindparam("at_id")).with_for_update()
_SELECT_FOR_BATCH = (
    select(_run.c.logged, _run.c.updated, _run.c.rows, _run.c.trial_id, _run.c.state, _run.c.reason)
    .where(_run.c.id == bindparam("at_id"))
    .with_for_update()
)
_UPDATE_BY_BATCH = (
    update(_run)
    .where(_run.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("logged", "updated", "rows")})
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run stands."""

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


def outcome(finishes: Sequence[dict[str, Any] | None]) -> Outcome:
    """Return how a run stands whose writers ended as `finishes` say, None for one that still writes."""
    ends = [finish for finish in finishes if finish is not None and finish["state"] in SEVERITY]
    if not ends or len(ends) < len(finishes):
        return Outcome("running", "", None, None, None)
    worst = max(ends, key=lambda finish: SEVERITY.index(finish["state"]))
    ended = max(float(finish["time"]) for finish in ends)
    return Outcome(worst["state"], worst["reason"], worst["exit_code"], worst["signal"], ended)


def lock_run(connection: Connection, run_id: str) -> RowMapping | None:
    """Return the run's row, which nobody else changes until this transaction ends."""
    return connection.execute(_LOCK, {"at_id": run_id}).mappings().first()


def ensure_run(connection: Connection, header: Header, info: RunInfo, *, now: float) -> bool:
    """Make the run of a journal's header, or bring it up to what that says; take its lock; return whether it is new."""
    known = lock_run(connection, info.id)
    created = usable_time(header.created, now)
    if known is None:
        row = _first_row(header, info) | {"id": info.id, "created": created, "updated": created}
        row["project_id"] = ensure_project(connection, info.project, now=now)
        made = insert(connection, schema.run).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        if connection.execute(made, row).rowcount:
            return True
        known = lock_run(connection, info.id)
        assert known is not None  # noqa: S101  just inserted by another server
    changes = _changes(known, header, info) | {"created": min(known["created"], created)}
    connection.execute(update(_run).where(_run.c.id == info.id).values(**changes))
    return False


def _first_row(header: Header, info: RunInfo) -> dict[str, Any]:
    return _writer(header, info) | {
        "name": text(info.name),
        "group": text(info.group),
        "mode": info.mode,
        "job_type": text(info.job_type),
        "state": "running",
        "reason": "",
        "config": plain(info.config),
        "logged": {},
        "summary": {},
        "tags": _tags(info),
        "notes": text(info.notes),
        "sweep_id": info.sweep,
        "trial_id": info.trial,
        "rows": 0,
    }


def _tags(info: RunInfo) -> list[str]:
    return list(dict.fromkeys(text(tag) for tag in info.tags))


def _writer(header: Header, info: RunInfo) -> dict[str, Any]:
    """Return the columns that tell where the run's first rank runs in its latest attempt."""
    return {
        "rank": int32(info.rank),
        "local_rank": int32(info.local_rank),
        "world_size": int32(info.world_size),
        "node_rank": int32(info.node_rank),
        "attempt": int32(info.attempt),
        "host": text(header.process.host),
        "node_id": text(header.process.node),
        "user": text(header.process.user),
        "command": plain(header.process.command),
        "gpus": plain(info.gpus),
    }


def _changes(known: RowMapping, header: Header, info: RunInfo) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "config": merge(known["config"], plain(info.config)),
        "tags": [*known["tags"], *(tag for tag in _tags(info) if tag not in known["tags"])],
    }
    is_later = info.attempt > known["attempt"]
    if is_later or (info.attempt == known["attempt"] and info.rank <= known["rank"]):
        changes |= _writer(header, info)
    if is_later:
        changes |= {"sweep_id": info.sweep or known["sweep_id"], "trial_id": info.trial or known["trial_id"]}
    return changes


def apply(connection: Connection, run_id: str, batch: Batch) -> str | None:
    """Write the batch's values into the run's row and return the id of its trial; series are not touched."""
    known = connection.execute(_SELECT_FOR_BATCH, {"at_id": run_id}).mappings().one()
    values: dict[str, Any] = {
        "logged": known["logged"] | batch.logged,
        "updated": max(known["updated"], batch.latest),
        "rows": known["rows"] + len(batch.rows),
    }
    connection.execute(_UPDATE_BY_BATCH, values | {"at_id": run_id})
    if batch.config or batch.summary:  # seldom, and a configuration may be long
        stored = connection.execute(select(_run.c.config, _run.c.summary).where(_run.c.id == run_id)).one()
        changed = {"config": merge(stored.config, batch.config), "summary": stored.summary | batch.summary}
        connection.execute(update(_run).where(_run.c.id == run_id).values(**changed))
    if batch.rows and known["state"] == "running" and known["reason"]:  # it did stand still, and goes on
        connection.execute(update(_run).where(_run.c.id == run_id).values(reason=""))
    trial_id: str | None = known["trial_id"]
    return trial_id


def note_stall(connection: Connection, stall: Stall, *, journal_id: str) -> None:
    """Say with a run that goes on that it does not, and keep its stacks among its console lines."""
    reason = text(stall.where)
    is_running = (_run.c.id == stall.run) & (_run.c.state == "running")
    if connection.execute(update(_run).where(is_running).values(reason=reason)).rowcount == 0:
        return
    lines = [reason, *text(stall.stacks).splitlines()]
    same = {"run_id": stall.run, "journal_id": journal_id, "sequence": stall.sequence, "time": stall.time}
    rows = [{**same, "stream": "stacks", "line": line} for line in lines]
    connection.execute(insert(connection, schema.console), rows)


def settle(connection: Connection, run_id: str) -> None:
    """Set the run's state from how the journals of its latest attempt stand."""
    journal = schema.journal
    latest = select(_run.c.attempt).where(_run.c.id == run_id).scalar_subquery()
    writers = select(journal.c.finish).where(journal.c.run_id == run_id, journal.c.attempt == latest)
    now = outcome(list(connection.scalars(writers)))
    connection.execute(
        update(_run)
        .where(_run.c.id == run_id)
        .values(state=now.state, reason=now.reason, exit_code=now.exit_code, signal=now.signal, ended=now.ended)
    )


def list_runs(connection: Connection, chosen: RunFilter) -> RunList:
    """Return one page of the chosen runs, newest first, and how many there are on all pages."""
    conditions = {
        schema.project.c.name: chosen.project,
        _run.c.group: chosen.group,
        _run.c.sweep_id: chosen.sweep,
        _run.c.trial_id: chosen.trial,
        _run.c.state: chosen.state,
    }
    chosen_runs = _joined().where(*(column == value for column, value in conditions.items() if value is not None))
    total = connection.scalar(select(func.count()).select_from(chosen_runs.subquery()))
    newest = chosen_runs.order_by(_run.c.created.desc(), _run.c.rank, _run.c.id)
    page = connection.execute(newest.limit(chosen.limit).offset(chosen.offset)).mappings()
    return RunList([_message(row) for row in page], total or 0)


def get_run(connection: Connection, run_id: str) -> Run:
    """Return one run.

    Raises:
        NotFound: there is none of this id.
    """
    row = connection.execute(_joined().where(_run.c.id == run_id)).mappings().first()
    if row is None:
        raise no_run(run_id)
    return _message(row)


def label(connection: Connection, run_id: str, labels: RunLabels) -> Run:
    """Give a run other tags or notes; tags that its program gives come back only with another attempt of it.

    Raises:
        NotFound: there is no such run.
        UsageError: there are too many tags, or one of them or the notes are too long.
    """
    tags = labels.tags if labels.tags is None else list(dict.fromkeys(text(tag).strip() for tag in labels.tags))
    if tags is not None and (len(tags) > MOST_TAGS or not all(0 < len(tag) <= MOST_TAG for tag in tags)):
        raise UsageError(f"allowed are {MOST_TAGS} tags of 1 to {MOST_TAG} characters")
    if labels.notes is not None and len(labels.notes) > MOST_NOTES:
        raise UsageError(f"the notes have {len(labels.notes)} characters, allowed: {MOST_NOTES}")
    notes = None if labels.notes is None else text(labels.notes)
    values = {name: given for name, given in (("tags", tags), ("notes", notes)) if given is not None}
    if values:
        connection.execute(update(_run).where(_run.c.id == run_id).values(**values))
    return get_run(connection, run_id)


def no_run(run_id: str) -> NotFound:
    """Return the error for a run id that is not known."""
    return NotFound(f"there is no run `{run_id}`", hint="`lightning-sweeps runs` lists the runs of this server")


def _joined() -> Select[Any]:
    return select(_run, schema.project.c.name.label("project")).join(schema.project)


def _message(row: RowMapping) -> Run:
    same = (
        "id project name group rank world_size attempt mode job_type state reason exit_code signal host config tags"
        " notes created updated ended rows user command gpus"
    )
    return Run(
        **{name: row[name] for name in same.split()},
        node=row["node_id"],
        summary=row["logged"] | row["summary"],
        sweep=row["sweep_id"],
        trial=row["trial_id"],
    )
