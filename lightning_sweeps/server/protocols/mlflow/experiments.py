"""Answers requests about experiments, which are our projects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.core.names import checked_name
from lightning_sweeps.engine import deleted_runs
from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.server.protocols.mlflow import experiment_filters, names, paging
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.config_keys import tag_of
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.store import clock, experiments, projects, run_changes
from lightning_sweeps.store.experiments import Experiment
from lightning_sweeps.store.project_access import check_project

Answer = dict[str, Any]

STAGES = {"ACTIVE_ONLY": "active", "DELETED_ONLY": "deleted", "ALL": "all"}


def create(caller: MlflowCaller, given: Given) -> Answer:
    """Create a project."""
    caller.check_writes()
    name = checked_name(given.text("name"), what="experiment")
    check_project(caller.sender.projects, name)
    tags = dict(tag_of(one) for one in given.items("tags"))
    with caller.store.write() as connection:
        if any(one.name == name for one in experiments.list_experiments(connection)):
            raise ServerRefused(f"Experiment '{name}' already exists.", status=409)
        project_id = projects.ensure_project(connection, name, now=clock.now(connection))
        if tags:
            experiments.set_tags(connection, project_id, dict(tags))
    return {"experiment_id": names.experiment_id(project_id, name)}


def get(caller: MlflowCaller, given: Given) -> Answer:
    """Return a project by its id."""
    return {"experiment": describe(find(caller, given.text("experiment_id")))}


def get_by_name(caller: MlflowCaller, given: Given) -> Answer:
    """Return a project by its name."""
    name = given.text("experiment_name")
    check_project(caller.sender.projects, name)
    if name == names.DEFAULT_NAME:
        return {"experiment": describe(find(caller, names.DEFAULT_ID))}
    with caller.store.read() as connection:
        return {"experiment": describe(experiments.get_experiment(connection, name=name))}


def search(caller: MlflowCaller, given: Given) -> Answer:
    """List projects, by a filter of their names and tags."""
    allowed = caller.sender.projects
    stage = _stage(given)
    wanted = experiment_filters.parse(given.value("filter"))
    keys = experiment_filters.order(given.texts("order_by"))
    with caller.store.read() as connection:
        found = experiments.list_experiments(connection)
    chosen = [
        one
        for one in found
        if (allowed is None or one.name in allowed) and stage in ("all", _stage_of(one)) and wanted(one)
    ]
    page = paging.page_of(experiment_filters.sort(chosen, keys), given)
    return {"experiments": [describe(one) for one in page.items], **page.token()}


def update(caller: MlflowCaller, given: Given) -> Answer:
    """Rename a project."""
    caller.check_writes()
    known = find(caller, given.text("experiment_id"))
    name = given.optional_text("new_name")
    if name is not None:
        check_project(caller.sender.projects, name)
        with caller.store.write() as connection:
            run_changes.rename_project(connection, known.name, name)
    return {}


def delete(caller: MlflowCaller, given: Given) -> Answer:
    """Move all runs of a project to the trash. New runs make the project active again."""
    known = find(caller, given.text("experiment_id"))
    _change_all(caller, known, "delete")
    return {}


def restore(caller: MlflowCaller, given: Given) -> Answer:
    """Take all runs of a project out of the trash."""
    known = find(caller, given.text("experiment_id"))
    _change_all(caller, known, "restore")
    return {}


def set_tag(caller: MlflowCaller, given: Given) -> Answer:
    """Set a tag of a project."""
    key, value = tag_of(given)
    return _set_tag(caller, given, key, value)


def delete_tag(caller: MlflowCaller, given: Given) -> Answer:
    """Remove a tag of a project."""
    return _set_tag(caller, given, given.text("key"), None)


def find(caller: MlflowCaller, experiment_id: str) -> Experiment:
    """Return a project by what clients call it. The default one is created when a client first asks for it.

    Raises:
        NotFound: there is none, or the API key is limited to other projects.
    """
    with caller.store.read() as connection:
        try:
            found = find_in(connection, experiment_id)
        except NotFound:
            if experiment_id != names.DEFAULT_ID:
                raise
            found = Experiment("", names.DEFAULT_NAME, 0.0)
    check_project(caller.sender.projects, found.name)
    return found


def find_in(connection: Connection, experiment_id: str) -> Experiment:
    """Return a project by what clients call it.

    Raises:
        NotFound: there is none.
    """
    if experiment_id == names.DEFAULT_ID:
        return experiments.get_experiment(connection, name=names.DEFAULT_NAME)
    return experiments.get_experiment(connection, project_id=experiment_id)


def describe(known: Experiment) -> Answer:
    """Return a project as clients read it."""
    experiment_id = names.experiment_id(known.id, known.name)
    created = round(known.created * 1000)
    return {
        "experiment_id": experiment_id,
        "name": known.name,
        "artifact_location": f"{names.ARTIFACT_SCHEME}{experiment_id}",
        "lifecycle_stage": _stage_of(known),
        "creation_time": created,
        "last_update_time": round((known.deleted or known.created) * 1000),
        "tags": [{"key": key, "value": value} for key, value in known.tags.items()],
    }


def _stage_of(known: Experiment) -> str:
    return "active" if known.deleted is None else "deleted"


def _stage(given: Given) -> str:
    wanted = given.optional_text("view_type") or "ACTIVE_ONLY"
    if wanted not in STAGES:
        raise UsageError(f"Invalid view_type '{wanted}', allowed: {', '.join(STAGES)}")
    return STAGES[wanted]


def _change_all(caller: MlflowCaller, known: Experiment, action: m.RunAction) -> None:
    caller.check_writes()
    with caller.store.write() as connection:
        now = clock.now(connection)
        project_id = known.id or projects.ensure_project(connection, known.name, now=now)
        wanted = m.RunsChange(m.RunChoice(project=known.name), action, with_running=True)
        changed = run_changes.change(connection, wanted, by=caller.sender.key_name or "", now=now)
        experiments.set_deleted(connection, project_id, now if action == "delete" else None)
        caller.changed_sweeps.update(deleted_runs.follow_deleted_runs(connection, changed.trials))


def _set_tag(caller: MlflowCaller, given: Given, key: str, value: str | None) -> Answer:
    caller.check_writes()
    known = find(caller, given.text("experiment_id"))
    with caller.store.write() as connection:
        project_id = known.id or projects.ensure_project(connection, known.name, now=clock.now(connection))
        experiments.set_tags(connection, project_id, {key: value})
    return {}
