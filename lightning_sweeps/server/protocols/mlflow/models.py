"""Answers requests about logged models: what MLflow 3 calls a model that a program logs.

The run that logs a model holds its files, under `models/ID/`, and its description, in the configuration. A model that
is logged without a run gets a run of its own, with the model's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.known_runs import get_run
from lightning_sweeps.server.protocols.mlflow import (
    config_keys,
    experiments,
    filter_words,
    names,
    paging,
    run_journals,
    runs,
)
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.config_keys import MODELS
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.store import run_search
from lightning_sweeps.store import runs as run_table
from lightning_sweeps.store.filters import Comparison
from lightning_sweeps.store.run_search import RunSearch

Answer = dict[str, Any]
Model: TypeAlias = dict[str, Any]
"""The description of a model, in the configuration of its run."""

PENDING = "LOGGED_MODEL_PENDING"
STATUSES = frozenset({PENDING, "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"})
TEXTS = ("name", "model_id", "model_type", "source_run_id", "status")
"""What models are filtered by, besides tags and parameters."""


def create(caller: MlflowCaller, given: Given) -> Answer:
    """Describe a model whose files follow."""
    caller.check_writes()
    source = given.optional_text("source_run_id")
    name = given.optional_text("name") or "model"
    holder = source or _holder(caller, given, name)
    model_id = names.new_model_id(holder)
    now = caller.store.now()
    model = {
        "model_id": model_id,
        "name": name,
        "model_type": given.value("model_type"),
        "source_run_id": source,
        "status": PENDING,
        "created": now,
        "updated": now,
        "params": _pairs(given.items("params")),
        "tags": _pairs(given.items("tags")),
    }

    def build(run: RunDetails) -> Sequence[records.Record]:
        return [records.Config(0, now, {MODELS: [*_models(run), model]})]

    run_journals.append(caller, holder, build)
    return _answer(caller, model_id)


def get(caller: MlflowCaller, given: Given) -> Answer:
    """Return the description of a model."""
    return _answer(caller, given.text("model_id"))


def finalize(caller: MlflowCaller, given: Given) -> Answer:
    """Set the status of a model: whether its files are there."""
    status = given.text("status")
    if status not in STATUSES:
        raise UsageError(f"Invalid status '{status[:40]}', allowed: {', '.join(sorted(STATUSES))}")
    return _change(caller, given, lambda model: model | {"status": status})


def log_params(caller: MlflowCaller, given: Given) -> Answer:
    """Add parameters to a model."""
    added = _pairs(given.items("params"))
    return _change(caller, given, lambda model: model | {"params": model["params"] | added})


def set_tags(caller: MlflowCaller, given: Given) -> Answer:
    """Set tags of a model."""
    added = _pairs(given.items("tags"))
    return _change(caller, given, lambda model: model | {"tags": model["tags"] | added})


def delete_tag(caller: MlflowCaller, given: Given) -> Answer:
    """Remove a tag of a model."""
    key = given.text("tag_key")
    return _change(caller, given, lambda model: model | {"tags": {k: v for k, v in model["tags"].items() if k != key}})


def delete(caller: MlflowCaller, given: Given) -> Answer:
    """Remove the description of a model. Its files stay with the run."""
    _change(caller, given, lambda _: None)
    return {}


def search(caller: MlflowCaller, given: Given) -> Answer:
    """Return the models of some experiments, the newest first."""
    found: list[tuple[Model, str]] = []
    conditions = filter_words.conditions(given.value("filter"))
    tests = [_test(one) for one in conditions]
    for experiment_id in given.texts("experiment_ids"):
        known = experiments.find(caller, experiment_id)
        has_models = RunSearch(Comparison(f"config.{MODELS}", "!=", (None,)), project=known.name)
        with caller.store.read() as connection:
            ids = run_search.search_runs(connection, has_models).ids
            holders = run_table.get_runs(connection, ids)
        shown = names.experiment_id(known.id, known.name)
        held = [(model, shown) for run in holders for model in _models(run)]
        found += [one for one in held if all(test(one[0]) for test in tests)]
    found.sort(key=lambda one: -one[0]["created"])
    page = paging.page_of(found, given)
    return {"models": [describe(*one) for one in page.items], **page.token()}


def describe(model: Model, experiment_id: str) -> Answer:
    """Return a model as clients read it. Pure."""
    info = {
        "model_id": model["model_id"],
        "experiment_id": experiment_id,
        "name": model["name"],
        "creation_timestamp_ms": round(model["created"] * 1000),
        "last_updated_timestamp_ms": round(model["updated"] * 1000),
        "artifact_uri": names.model_uri(experiment_id, model["model_id"]),
        "status": model["status"],
        "model_type": model["model_type"],
        "source_run_id": model["source_run_id"] or "",
        "tags": [{"key": key, "value": value} for key, value in model["tags"].items()],
    }
    return {"info": info, "data": {"params": [{"key": key, "value": value} for key, value in model["params"].items()]}}


def _holder(caller: MlflowCaller, given: Given, name: str) -> str:
    """Create the run of a model that is logged without one, and return its id."""
    wanted = {"experiment_id": given.optional_text("experiment_id"), "run_name": name}
    run_id: str = runs.create(caller, Given(wanted))["run"]["info"]["run_id"]
    runs.update(caller, Given({"run_id": run_id, "status": "FINISHED"}))
    return run_id


def _answer(caller: MlflowCaller, model_id: str) -> Answer:
    run = get_run(caller, names.run_of_model(model_id))
    return {"model": describe(_find(run, model_id), runs.experiment_id_of(caller, run.project))}


def _find(run: RunDetails, model_id: str) -> Model:
    found = next((one for one in _models(run) if one["model_id"] == model_id), None)
    if found is None:
        raise NotFound(f"there is no logged model `{model_id[:120]}`")
    return found


def _change(caller: MlflowCaller, given: Given, change: Callable[[Model], Model | None]) -> Answer:
    """Replace the description of a model; None removes it."""
    caller.check_writes()
    model_id = given.text("model_id")
    now = caller.store.now()

    def build(run: RunDetails) -> Sequence[records.Record]:
        changed = change(_find(run, model_id))
        others = [one for one in _models(run) if one["model_id"] != model_id]
        kept = others if changed is None else [*others, changed | {"updated": now}]
        return [records.Config(0, now, {MODELS: kept})]

    run_journals.append(caller, names.run_of_model(model_id), build)
    run = get_run(caller, names.run_of_model(model_id))
    is_there = any(one["model_id"] == model_id for one in _models(run))
    return _answer(caller, model_id) if is_there else {}


def _models(run: RunDetails) -> list[Model]:
    return run.config.get(MODELS) or []


def _pairs(given: Sequence[Given]) -> dict[str, str]:
    return dict(config_keys.tag_of(one) for one in given)


def _test(one: filter_words.FilterCondition) -> Callable[[Model], bool]:
    is_text = one.kind in ("", "attributes", "attribute") and one.key in TEXTS
    place = {"tags": "tags", "tag": "tags", "params": "params", "param": "params"}.get(one.kind)
    if one.operator not in ("=", "!=") or not (is_text or place):
        allowed = ", ".join((*TEXTS, "tags.KEY", "params.KEY"))
        raise UsageError(
            f"models are not filtered by `{one.key[:80]} {one.operator}`", hint=f"allowed: = and != of {allowed}"
        )
    wanted = one.value

    def test(model: Model) -> bool:
        value = model[place].get(one.key) if place else model[one.key]
        return bool(value == wanted) if one.operator == "=" else bool(value != wanted)

    return test
