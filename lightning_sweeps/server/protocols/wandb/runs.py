"""Creates, updates, resumes and describes the runs of clients, which call them buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.core.states import FAILED_RUN_STATES
from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.known_runs import get_run, run_info
from lightning_sweeps.server.protocols.wandb import names, rows, run_journals, trial_runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.rows import moment
from lightning_sweeps.server.protocols.wandb.run_journals import Attempt
from lightning_sweeps.server.protocols.wandb.viewer import describe_entity, describe_user
from lightning_sweeps.store import run_changes, runs
from lightning_sweeps.store.project_access import check_access
from lightning_sweeps.store.series import write_buffer, writing
from lightning_sweeps.system.node import Process

Described: TypeAlias = dict[str, Any]
"""An object as clients read it. Values that are functions are called only if the client asks for them."""

OPEN_STATES = frozenset({"running", "lost"})
"""States in which the process that wrote a run may go on. In others, another process continues it."""
STATES = {"stopped": "killed", "lost": "crashed", "preempted": "preempted"}
"""The states that W&B calls differently."""
PROJECT_NUMBER = 0
"""Clients want a number for each project, and send it back. Ours have names."""
STARTED = '{"t": 1}'
"""What clients look for to see that a run has started, so that it can be resumed."""
RANK_KEYS = ("rank", "RANK", "global_rank")
_RANK = re.compile(r"(?:^|[^a-z])rank[-_ ]?(\d{1,6})$", re.ASCII | re.IGNORECASE)
WORLD_SIZE_KEYS = ("world_size", "WORLD_SIZE")


def project(_: object, caller: Caller, name: str | None = None, entity_name: str | None = None) -> Described:
    """Return a project. It exists as soon as a client names it."""
    return describe_project(caller, caller.project(entity_name, name), entity_name)


def describe_project(caller: Caller, name: str, entity: str | None = None) -> Described:
    """Return a project as clients read it."""
    of_entity = describe_entity(caller.entities.check(entity))
    return {
        "id": name,
        "internalId": name,
        "name": name,
        "entityName": of_entity["name"],
        "entity": of_entity,
        "readOnly": not caller.may_write(),
        "isBenchmark": False,
        "createdAt": moment(0.0),
        "user": describe_user(caller, caller.sender.key_name or ""),
    }


def bucket(of_project: Described, caller: Caller, *, name: str, missing_ok: bool | None = None) -> Described | None:
    """Return a run of a project, to resume it.

    Raises:
        NotFound: there is no such run, although the client expects it.
    """
    find = find_run if missing_ok else require_run
    found = find(caller, of_project["name"], name)
    return None if found is None else describe_run(caller, found, of_project)


def run(of_project: Described, caller: Caller, *, name: str) -> Described | None:
    """Return a run of a project, or None."""
    return bucket(of_project, caller, name=name, missing_ok=True)


def find_run(caller: Caller, of_project: str, name: str) -> RunDetails | None:
    """Return the run that clients call `name` in a project, or None. Runs of our own clients are called by their id."""
    with caller.store.read() as connection:
        for run_id in (names.run_id(of_project, name), name):
            try:
                check_access(connection, caller.sender.projects, "run", run_id)
                found = runs.get_run(connection, run_id)
            except NotFound:
                continue
            if found.project == of_project:
                return found
    return None


def require_run(caller: Caller, of_project: str, name: str) -> RunDetails:
    """Return the run that clients call `name` in a project.

    Raises:
        NotFound: there is none.
    """
    found = find_run(caller, of_project, name)
    if found is None:
        raise NotFound(f"there is no run `{name}` in the project `{of_project}`")
    return found


def upsert_bucket(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Create a run, begin another attempt of a run that has ended, or update one."""
    caller.check_writes()
    given = input
    if given.get("id") and not given.get("name"):
        return _edit(caller, given)
    of_project = caller.project(given.get("entity_name"), given.get("model_name"))
    name = given.get("name") or ""
    known = find_run(caller, of_project, name)
    if known is None or known.state not in OPEN_STATES:
        trial = trial_runs.find_trial(caller, given.get("sweep"), name)
        attempt = new_attempt(given, of_project, name, now=caller.store.now(), known=known, trial=trial)
        is_new = known is None or trial is not None
        run_journals.begin(caller, attempt, line=0 if is_new else run_journals.lines_of(caller, attempt, "history"))
        if trial is not None:
            trial_runs.start(caller, trial)
    else:
        attempt = attempt_of(known)
        notes = [*_updates(given, now=caller.store.now()), *_summary(given, now=caller.store.now())]
        if notes:
            run_journals.store_notes(caller, attempt, notes)
        else:
            run_journals.heard(caller, attempt)
    found = find_run(caller, of_project, name)
    assert found is not None  # noqa: S101  it was stored
    described = describe_run(caller, found, describe_project(caller, of_project, given.get("entity_name")))
    # a client would take this number for its first line, and send again what `wandb sync` finds in its folder
    return {"bucket": described | {"historyLineCount": None}, "inserted": known is None}


def _edit(caller: Caller, given: dict[str, Any]) -> Described:
    """Change what a person may change of a run: name, notes, tags, configuration, summary. Its state stays."""
    known = get_run(caller, given["id"])
    config = rows.config_values(given.get("config"))
    labels = m.RunLabels(given.get("tags"), given.get("notes"), given.get("display_name") or None, config or None)
    with caller.store.write() as connection:
        run_changes.edit(connection, known.id, labels)
    summary = list(_summary(given, now=caller.store.now()))
    if summary:
        run_journals.store_notes(caller, attempt_of(known), summary)
    return {"bucket": describe_run(caller, get_run(caller, known.id), describe_project(caller, known.project))}


def new_attempt(
    given: dict[str, Any], of_project: str, name: str, *, now: float, known: RunDetails | None, trial: m.Trial | None
) -> Attempt:
    """Return the attempt that a request begins, the first one of a run or the next one of a known run.

    Args:
        given: the request.
        of_project: the project.
        name: what the client calls the run.
        now: the server's time, in seconds since the epoch.
        known: the run, if it has an attempt already.
        trial: the trial that the run belongs to.
    """
    config = rows.config_values(given.get("config"))
    host = given.get("host") or (known.host if known is not None else "unknown")
    process = Process(0, now, names.node_id(host), host, command=[given.get("job_program") or ""])
    group = given.get("group_name") or ""
    rank = _whole_number(config, RANK_KEYS, _rank_in(given.get("display_name") or "")) if group else 0
    info = records.RunInfo(
        names.run_id(of_project, name) if known is None else known.id,
        of_project,
        given.get("display_name") or (known.name if known is not None else name),
        group or (known.group if known is not None else name),
        rank=rank,
        world_size=max(rank + 1, _whole_number(config, WORLD_SIZE_KEYS, 1)) if group else 1,
        attempt=max(0 if known is None else known.attempt + 1, 0 if trial is None else trial.attempt),
        mode="grouped" if group else "single",
        job_type=given.get("job_type") or "",
        config=config,
        tags=list(given.get("tags") or []),
        notes=given.get("notes") or (known.notes if known is not None else ""),
        sweep=None if trial is None else trial.sweep,
        trial=None if trial is None else trial.id,
    )
    return Attempt(info, process, now)


def attempt_of(known: RunDetails) -> Attempt:
    """Return the current attempt of a run, for the headers of further journals of it."""
    return Attempt(run_info(known), Process(0, known.created, known.node, known.host), known.created)


def describe_run(caller: Caller, known: RunDetails, of_project: Described) -> Described:
    """Return a run as clients read it."""
    attempt = attempt_of(known)

    def tail(*_: object, **__: object) -> str:
        return msgspec.json.encode([_last_row(caller, known)]).decode()

    def lines(stream: run_journals.Stream) -> Any:
        return lambda *_, **__: run_journals.lines_of(caller, attempt, stream)

    return {
        "id": known.id,
        "run": known,
        "projectId": PROJECT_NUMBER,
        "commit": None,
        "readOnly": not caller.may_write(),
        "user": describe_user(caller, known.user or known.created_by or ""),
        "systemMetrics": "{}",
        "name": names.run_name(known.project, known.id),
        "displayName": known.name,
        "description": known.notes,
        "notes": known.notes,
        "tags": known.tags,
        "group": known.group,
        "jobType": known.job_type,
        "state": STATES.get(known.state, known.state),
        "createdAt": moment(known.created),
        "heartbeatAt": moment(known.updated),
        "config": rows.config_text(known.config),
        "wandbConfig": STARTED,
        "summaryMetrics": msgspec.json.encode(known.summary).decode(),
        "sweepName": known.sweep,
        "host": known.host,
        "historyLineCount": lines("history"),
        "eventsLineCount": lines("events"),
        "logLineCount": lines("output"),
        "historyTail": tail,
        "eventsTail": tail,
        "project": of_project,
        "trial": known.trial,
        "exitcode": known.exit_code,
        "failed": known.state in FAILED_RUN_STATES,
        "running": known.state == "running",
        "shouldStop": False,
    }


def _last_row(caller: Caller, known: RunDetails) -> str:
    """Return the step and the running time of a run's last row, as a row of its history."""
    with write_buffer.open_reader(caller.store, [known.id])() as connection:
        steps = [one.last_step for one in writing.all_series(connection, known.id)]
    row: dict[str, Any] = {"_runtime": known.updated - known.created, "_timestamp": known.updated}
    return msgspec.json.encode(row | ({"_step": max(steps)} if steps else {})).decode()


def _updates(given: dict[str, Any], *, now: float) -> Iterator[records.Record]:
    """Yield what a request changes in a run that exists."""
    config = rows.config_values(given.get("config"))
    if config:
        yield records.Config(0, now, config)
    name, notes, tags = given.get("display_name"), given.get("notes"), given.get("tags")
    if name or notes is not None or tags:
        yield records.Labels(0, now, name or None, notes, tags or None)


def _summary(given: dict[str, Any], *, now: float) -> Iterator[records.Record]:
    values = rows.summary_values(given.get("summary_metrics") or "{}")
    if values:
        yield records.Summary(0, now, values)


def _rank_in(name: str) -> int:
    """Return the rank in a run's name, such as `rank-1` or `train_rank1`; 0 if there is none."""
    found = _RANK.search(name)
    return 0 if found is None else int(found[1])


def _whole_number(config: dict[str, Any], keys: tuple[str, ...], default: int) -> int:
    """Return the first of these values of a configuration that is a whole number."""
    return next((config[key] for key in keys if type(config.get(key)) is int and config[key] >= 0), default)
