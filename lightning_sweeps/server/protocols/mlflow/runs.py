"""Answers requests about runs: creates, changes and describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.engine import deleted_runs
from lightning_sweeps.journal import records
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.known_runs import get_run
from lightning_sweeps.server.protocols.mlflow import config_keys, experiments, last_metrics, names, run_journals
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.last_metrics import LastMetrics
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.server.protocols.mlflow.states import STATES, state_of
from lightning_sweeps.store import clock, run_changes
from lightning_sweeps.store import experiments as experiment_table
from lightning_sweeps.system.node import Process

Answer = dict[str, Any]


def create(caller: MlflowCaller, given: Given) -> Answer:
    """Create a run."""
    caller.check_writes()
    of_experiment = experiments.find(caller, given.optional_text("experiment_id") or names.DEFAULT_ID)
    run_id = names.new_run_id()
    tags = dict(config_keys.tag_of(one) for one in given.items("tags"))
    user = given.optional_text("user_id") or tags.get(config_keys.USER_TAG, "")
    created = given.seconds("start_time", caller.store.now())
    host = caller.host
    info = records.RunInfo(
        run_id,
        of_experiment.name,
        given.optional_text("run_name") or tags.get(config_keys.NAME_TAG) or f"run-{run_id[:8]}",
        run_id,
        config=config_keys.config_of_tags(tags),
        notes=tags.get(config_keys.NOTES_TAG, ""),
    )
    command = [one for one in [tags.get(config_keys.SOURCE_TAG)] if one]
    process = Process(0, created, names.node_id(host), host, user, command)
    run_journals.begin(caller, info, process, created=created)
    return {"run": describe_whole(caller, get_run(caller, run_id))}


def get(caller: MlflowCaller, given: Given) -> Answer:
    """Return a run, with the last value of each metric."""
    return {"run": describe_whole(caller, get_run(caller, run_id_of(given)))}


def update(caller: MlflowCaller, given: Given) -> Answer:
    """Set the state, the end or the name of a run. The state `RUNNING` makes a run that has ended run again."""
    caller.check_writes()
    run_id = run_id_of(given)
    state = None if not given.has("status") else state_of(given.text("status"))
    name = given.optional_text("run_name")
    now = caller.store.now()

    def build(run: RunDetails) -> Sequence[records.Record]:
        said: list[records.Record] = [] if name is None else [records.Labels(0, now, name)]
        if state == "running" and run.state != "running":
            said.append(run_journals.reopening(run))
        elif state is not None and state != "running":
            said.append(records.Finish(0, given.seconds("end_time", now), state, reason=_reason(state)))
        return said

    run_journals.append(caller, run_id, build)
    return {"run_info": _info(caller, get_run(caller, run_id))}


def delete(caller: MlflowCaller, given: Given) -> Answer:
    """Move a run to the trash."""
    return _change(caller, given, "delete")


def restore(caller: MlflowCaller, given: Given) -> Answer:
    """Take a run out of the trash."""
    return _change(caller, given, "restore")


def run_id_of(given: Given) -> str:
    """Return the run that a request is about. Clients before 1.0 call it `run_uuid`.

    Raises:
        UsageError: it names none.
    """
    return given.text("run_id", "run_uuid")


def describe_whole(caller: MlflowCaller, run: RunDetails) -> Answer:
    """Return one run as clients read it."""
    found = last_metrics.of_runs(caller.store, [run])[run.id]
    return describe(run, experiment_id_of(caller, run.project), found)


def experiment_id_of(caller: MlflowCaller, project: str) -> str:
    """Return what clients call the project of a run."""
    with caller.store.read() as connection:
        return names.experiment_id(experiment_table.get_experiment(connection, name=project).id, project)


def describe(run: RunDetails, experiment_id: str, found: LastMetrics) -> Answer:
    """Return a run as clients read it. Pure."""
    tags = config_keys.tags(run)
    params = config_keys.params(run.config)
    return {
        "info": describe_info(run, experiment_id),
        "data": {
            "metrics": found,
            "params": [{"key": key, "value": value} for key, value in params.items()],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        },
        "inputs": {"dataset_inputs": run.config.get(config_keys.DATASETS) or []},
        "outputs": {"model_outputs": run.config.get(config_keys.OUTPUTS) or []},
    }


def describe_info(run: RunDetails, experiment_id: str) -> Answer:
    """Return what clients read first of a run. Pure."""
    info: Answer = {
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": run.name,
        "experiment_id": experiment_id,
        "user_id": run.user,
        "status": STATES[run.state],
        "start_time": round(run.created * 1000),
        "artifact_uri": names.artifact_uri(experiment_id, run.id),
        "lifecycle_stage": "active" if run.deleted is None else "deleted",
    }
    return info if run.ended is None else info | {"end_time": round(run.ended * 1000)}


def _info(caller: MlflowCaller, run: RunDetails) -> Answer:
    return describe_info(run, experiment_id_of(caller, run.project))


def _reason(state: records.RunState) -> str:
    return "" if state == "finished" else f"the program set the status `{STATES[state]}`"


def _change(caller: MlflowCaller, given: Given, action: m.RunAction) -> Answer:
    caller.check_writes()
    run_id = run_id_of(given)
    with caller.store.write() as connection:
        wanted = m.RunsChange(m.RunChoice([run_id]), action, with_running=True)
        by, projects = caller.sender.key_name or "", caller.sender.projects
        changed = run_changes.change(connection, wanted, by=by, now=clock.now(connection), projects=projects)
        caller.changed_sweeps.update(deleted_runs.follow_deleted_runs(connection, changed.trials))
    return {}
