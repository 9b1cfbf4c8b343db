"""Stores what programs log: metrics, parameters and tags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.mlflow import config_keys, metric_rows, run_journals
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.config_keys import DATASETS, OUTPUTS, TAG_PREFIX
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.server.protocols.mlflow.runs import run_id_of

Answer = dict[str, Any]

MAX_METRICS = 1000
MAX_PARAMS, MAX_TAGS = 100, 100
"""MLflow's own limits of one batch. Its clients cut longer ones."""
MODEL_HISTORY = "mlflow.log-model.history"


def log_metric(caller: MlflowCaller, given: Given) -> Answer:
    """Store one value of a metric, once."""
    return _store(caller, given, [given], [], [])


def log_batch(caller: MlflowCaller, given: Given) -> Answer:
    """Store metrics, parameters and tags: all of them, or none. Metrics that are sent again are stored once."""
    return _store(caller, given, given.items("metrics"), given.items("params"), given.items("tags"))


def log_param(caller: MlflowCaller, given: Given) -> Answer:
    """Store a parameter. One that has another value already is refused."""
    return _store(caller, given, [], [given], [])


def set_tag(caller: MlflowCaller, given: Given) -> Answer:
    """Set a tag. `mlflow.runName` and `mlflow.note.content` are the name and the notes of the run."""
    return _store(caller, given, [], [], [given])


def delete_tag(caller: MlflowCaller, given: Given) -> Answer:
    """Remove a tag."""
    caller.check_writes()
    key = given.text("key")
    now = caller.store.now()

    def build(run: RunDetails) -> Sequence[records.Record]:
        if key not in config_keys.tags(run):
            raise UsageError(f"No tag with name: {key[:80]} in run with id {run.id}")
        if key == config_keys.NOTES_TAG:
            return [records.Labels(0, now, notes="")]
        return [records.Config(0, now, {f"{TAG_PREFIX}{key}": None})]

    run_journals.append(caller, run_id_of(given), build)
    return {}


def log_inputs(caller: MlflowCaller, given: Given) -> Answer:
    """Add datasets, as the client describes them, to the configuration of a run."""
    return _extend(caller, given, DATASETS, [dict(one.fields) for one in given.items("datasets")])


def log_outputs(caller: MlflowCaller, given: Given) -> Answer:
    """Add the logged models that a run made to its configuration."""
    return _extend(caller, given, OUTPUTS, [dict(one.fields) for one in given.items("models")])


def log_model(caller: MlflowCaller, given: Given) -> Answer:
    """Note that a program has logged a model. Its files are artifacts of the run."""
    caller.check_writes()
    now = caller.store.now()
    try:
        described = json.loads(given.text("model_json"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Malformed model info: {error}") from None

    def build(run: RunDetails) -> Sequence[records.Record]:
        known = json.loads(config_keys.tags(run).get(MODEL_HISTORY, "[]"))
        return [records.Config(0, now, {f"{TAG_PREFIX}{MODEL_HISTORY}": json.dumps([*known, described])})]

    run_journals.append(caller, run_id_of(given), build)
    return {}


def _store(
    caller: MlflowCaller, given: Given, metrics: Sequence[Given], params: Sequence[Given], tags: Sequence[Given]
) -> Answer:
    caller.check_writes()
    _check_count("metrics", metrics, MAX_METRICS)
    _check_count("params", params, MAX_PARAMS)
    _check_count("tags", tags, MAX_TAGS)
    now = caller.store.now()
    logged = [metric_rows.metric_of(one, now=now) for one in metrics]
    wanted = [config_keys.param_of(one) for one in params]
    labels = [config_keys.tag_of(one) for one in tags]

    def build(run: RunDetails) -> Sequence[records.Record]:
        return [*_params(run, wanted, now=now), *_tags(labels, now=now), *metric_rows.rows_of(logged)]

    content = metric_rows.content_of(logged) if logged else None
    run_journals.append(caller, run_id_of(given), build, content=content)
    return {}


def _check_count(name: str, found: Sequence[Given], limit: int) -> None:
    if len(found) > limit:
        raise UsageError(f"A batch logging request can contain at most {limit} {name}. Got {len(found)} {name}.")


def _params(run: RunDetails, wanted: Sequence[tuple[str, Any]], *, now: float) -> list[records.Record]:
    """Return the record of parameters.

    Raises:
        UsageError: one of them has another value already.
    """
    added: dict[str, Any] = {}
    for key, value in wanted:
        known = config_keys.changed_param(run.config | added, key, value)
        if known is not None:
            raise UsageError(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{known}'"
                f" for run ID='{run.id}'. Attempted logging new value '{config_keys.text_of_value(value)}'."
            )
        added[key] = value
    return [records.Config(0, now, added)] if added else []


def _tags(labels: Sequence[tuple[str, str]], *, now: float) -> list[records.Record]:
    values = config_keys.config_of_tags(dict(labels))
    named = {config_keys.LABELS[key]: value for key, value in labels if key in config_keys.LABELS}
    said: list[records.Record] = [records.Config(0, now, values)] if values else []
    if named:
        said.append(records.Labels(0, now, named.get("name") or None, named.get("notes")))
    return said


def _extend(caller: MlflowCaller, given: Given, key: str, items: list[dict[str, Any]]) -> Answer:
    caller.check_writes()
    now = caller.store.now()

    def build(run: RunDetails) -> Sequence[records.Record]:
        known = run.config.get(key) or []
        new = [one for one in items if one not in known]
        return [records.Config(0, now, {key: [*known, *new]})] if new else []

    run_journals.append(caller, run_id_of(given), build)
    return {}
