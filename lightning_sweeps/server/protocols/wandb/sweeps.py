"""Creates, changes and describes sweeps for clients."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import yaml

from lightning_sweeps import messages as m
from lightning_sweeps.engine import change_log, sweeps, trials
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.server.protocols.wandb import rows, runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.rows import moment
from lightning_sweeps.server.protocols.wandb.runs import Described
from lightning_sweeps.store import clock
from lightning_sweeps.store.project_access import check_access, check_project

STATES: dict[m.SweepState, str] = {
    "running": "RUNNING",
    "paused": "PAUSED",
    "stopped": "FINISHED",
    "cancelled": "CANCELED",
    "finished": "FINISHED",
}
CHANGES: dict[str, m.SweepState] = {
    "RUNNING": "running",
    "PAUSED": "paused",
    "FINISHED": "stopped",
    "CANCELED": "cancelled",
    "CANCELLED": "cancelled",
}
"""What the states that clients ask for are called here. W&B's stop lets running trials end, as ours does."""
TRIALS_AT_ONCE = 1000


def upsert_sweep(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Create a sweep, or change the state of one."""
    caller.check_writes()
    entity = input.get("entity_name")
    warnings: list[str] = []
    if input.get("id"):
        found = _change_state(caller, input["id"], input.get("state") or "RUNNING")
    else:
        of_project = caller.project(entity, input.get("project_name"))
        found, warnings = _create(caller, of_project, input)
    return {"sweep": describe_sweep(caller, found, entity), "configValidationWarnings": warnings}


def sweep(of_project: Described, caller: Caller, *, sweep_name: str) -> Described | None:
    """Return a sweep of a project, or None."""
    try:
        found = find_sweep(caller, sweep_name)
    except NotFound:
        return None
    return describe_sweep(caller, found, of_project["entityName"]) if found.project == of_project["name"] else None


def find_sweep(caller: Caller, sweep_id: str) -> m.Sweep:
    """Return a sweep.

    Raises:
        NotFound: there is none, or the API key is limited to other projects.
    """
    with caller.store.read() as connection:
        check_access(connection, caller.sender.projects, "sweep", sweep_id)
        return sweeps.get_sweep(connection, sweep_id)


def describe_sweep(caller: Caller, found: m.Sweep, entity: str | None) -> Described:
    """Return a sweep as clients read it."""
    best = found.best
    return {
        "id": found.id,
        "name": found.id,
        "displayName": found.name,
        "method": found.method,
        "state": STATES[found.state],
        "description": found.description,
        "config": yaml.safe_dump(found.config, sort_keys=False),
        "createdAt": moment(found.created),
        "heartbeatAt": moment(found.created),
        "updatedAt": moment(found.ended or found.created),
        "earlyStopJobRunning": False,
        "bestLoss": None if best is None else best.objective,
        "controller": None,
        "controllerRunName": None,
        "scheduler": None,
        "runCount": sum(found.counts.values()),
        "runCountExpected": found.run_cap,
        "project": partial(_project_of, caller, found, entity),
        "runs": partial(_runs_of, caller, found),
        "agents": {"edges": []},
        "priorRuns": {"edges": []},
    }


def _project_of(caller: Caller, found: m.Sweep, entity: str | None, *_: object) -> Described:
    return runs.describe_project(caller, found.project, entity)


def _runs_of(caller: Caller, found: m.Sweep, *_: object, **__: object) -> Described:
    with caller.store.read() as connection:
        known = trials.list_trials(connection, found.id, after=0, limit=TRIALS_AT_ONCE)
    return {"edges": [{"node": _describe_trial(one)} for one in known], "pageInfo": {"hasNextPage": False}}


def _describe_trial(trial: m.Trial) -> Described:
    """Return a trial as clients read the runs of a sweep."""
    is_running = trial.state in ("leased", "running", "stopping")
    return {
        "id": trial.id,
        "name": trial.id,
        "state": "running" if is_running else trial.state,
        "config": rows.config_text(trial.params),
        "exitcode": trial.exit_code,
        "heartbeatAt": moment(trial.ended or trial.started or trial.created),
        "shouldStop": trial.state == "stopping",
        "failed": trial.state in m.FAILED_TRIAL_STATES,
        "stopped": trial.state == "stopped",
        "running": is_running,
        "tags": [],
        "summaryMetrics": msgspec.json.encode({}).decode(),
        "sampledHistory": [],
    }


def _create(caller: Caller, of_project: str, given: dict[str, Any]) -> tuple[m.Sweep, list[str]]:
    wanted = m.SweepCreate(
        _config(given.get("config")),
        given.get("config") or "",
        of_project,
        given.get("display_name"),
        prior_runs=_prior_runs(caller, of_project, given.get("prior_runs_filters")),
    )
    with caller.store.write() as connection:
        now = clock.now(connection)
        check_access(connection, caller.sender.projects, "run", *wanted.prior_runs)
        created = sweeps.create_sweep(connection, wanted, now=now)
        check_project(caller.sender.projects, created.project)
        change_log.log_change(connection, created.id, "create", by=caller.sender.key_name or "", now=now)
        found = sweeps.get_sweep(connection, created.id)
    caller.changed_sweeps.add(created.id)
    return found, created.warnings


def _config(text: str | None) -> dict[str, Any]:
    """Return the sweep's configuration in the YAML text of a request.

    Raises:
        UsageError: it is not a map in YAML, or it names a local controller.
    """
    try:
        found = yaml.safe_load(text or "")
    except yaml.YAMLError as error:
        raise UsageError(f"the configuration of the sweep is not YAML ({error})") from None
    if not isinstance(found, dict):
        raise UsageError("the configuration of the sweep is not a map", hint="see `wandb sweep --help`")
    if found.get("controller", {}) not in ({}, {"type": "cloud"}):
        raise UsageError(
            "the sweep has a local controller; the server's own search decides here",
            hint="leave out `controller`, and name a method",
        )
    return {key: value for key, value in found.items() if key not in ("controller", "entity")}


def _prior_runs(caller: Caller, of_project: str, filters: str | None) -> list[str]:
    """Return our ids of the runs that a sweep starts with."""
    named = json.loads(filters) if filters else {}
    found = [runs.require_run(caller, of_project, one["name"]) for one in named.get("$or", [])]
    return [one.id for one in found]


def _change_state(caller: Caller, sweep_id: str, wanted: str) -> m.Sweep:
    state = CHANGES.get(wanted.upper())
    if state is None:
        raise UsageError(f"the state is `{wanted[:40]}`, allowed: {', '.join(f'`{one}`' for one in CHANGES)}")

    with caller.store.write() as connection:
        now = clock.now(connection)
        check_access(connection, caller.sender.projects, "sweep", sweep_id)
        before = sweeps.lock_sweep(connection, sweep_id).state
        changed = sweeps.set_sweep_state(connection, sweep_id, state, now=now)
        by = caller.sender.key_name or ""
        change_log.log_change(connection, sweep_id, "state", by=by, now=now, before=before, now_is=changed.state)
    caller.changed_sweeps.add(sweep_id)
    return changed
