"""Lists what answers each request of MLflow clients. Requests that are not here are refused and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lightning_sweeps.server.protocols.mlflow import (
    artifacts,
    experiments,
    logged,
    metric_history,
    models,
    runs,
    search,
)
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.request import Given

Handler: TypeAlias = Callable[[MlflowCaller, Given], dict[str, Any]]

OPERATIONS: Mapping[str, Handler] = {
    "POST experiments/create": experiments.create,
    "GET experiments/get": experiments.get,
    "GET experiments/get-by-name": experiments.get_by_name,
    "POST experiments/search": experiments.search,
    "GET experiments/search": experiments.search,
    "POST experiments/update": experiments.update,
    "POST experiments/delete": experiments.delete,
    "POST experiments/restore": experiments.restore,
    "POST experiments/set-experiment-tag": experiments.set_tag,
    "POST experiments/delete-experiment-tag": experiments.delete_tag,
    "DELETE experiments/delete-experiment-tag": experiments.delete_tag,
    "POST runs/create": runs.create,
    "GET runs/get": runs.get,
    "POST runs/update": runs.update,
    "POST runs/delete": runs.delete,
    "POST runs/restore": runs.restore,
    "POST runs/search": search.search,
    "POST runs/log-metric": logged.log_metric,
    "POST runs/log-batch": logged.log_batch,
    "POST runs/log-parameter": logged.log_param,
    "POST runs/set-tag": logged.set_tag,
    "POST runs/delete-tag": logged.delete_tag,
    "POST runs/log-inputs": logged.log_inputs,
    "POST runs/outputs": logged.log_outputs,
    "POST runs/log-model": logged.log_model,
    "GET metrics/get-history": metric_history.get_history,
    "GET metrics/get-history-bulk": metric_history.get_history_bulk,
    "GET metrics/get-history-bulk-interval": metric_history.get_history_bulk_interval,
    "GET artifacts/list": artifacts.list_of_run,
    "POST logged-models": models.create,
    "POST logged-models/search": models.search,
    "GET logged-models/{model_id}": models.get,
    "PATCH logged-models/{model_id}": models.finalize,
    "DELETE logged-models/{model_id}": models.delete,
    "POST logged-models/{model_id}/params": models.log_params,
    "PATCH logged-models/{model_id}/tags": models.set_tags,
    "DELETE logged-models/{model_id}/tags/{tag_key}": models.delete_tag,
}
"""By the method and the path below `/api/2.0/mlflow/`. Parts in braces are fields of the request."""

_PART = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """What answers a request, and the fields that its path holds."""

    handler: Handler
    fields: Mapping[str, str]


def find(method: str, path: str) -> Found | None:
    """Return what answers a request; None: nothing does."""
    handler = OPERATIONS.get(f"{method} {path}")
    if handler is not None:
        return Found(handler, {})
    for pattern, one in _PATTERNS:
        found = pattern.fullmatch(f"{method} {path}")
        if found is not None:
            return Found(one, found.groupdict())
    return None


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_PART.sub(lambda found: f"(?P<{found[1]}>[^/]+)", name))


_PATTERNS = [(_pattern(name), handler) for name, handler in OPERATIONS.items() if "{" in name]
