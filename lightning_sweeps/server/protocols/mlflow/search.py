"""Finds runs for `search_runs`."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.core.states import RunsShown
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.server.protocols.mlflow import experiments, last_metrics, names, paging, run_filters, runs
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.store import run_search
from lightning_sweeps.store import runs as run_table
from lightning_sweeps.store.run_search import RunSearch

SHOWN: dict[str, RunsShown] = {"ACTIVE_ONLY": "active", "DELETED_ONLY": "deleted", "ALL": "all"}


def search(caller: MlflowCaller, given: Given) -> dict[str, Any]:
    """Return runs of some experiments, filtered and sorted; by default, the newest first."""
    shown = given.optional_text("run_view_type") or "ACTIVE_ONLY"
    if shown not in SHOWN:
        raise UsageError(f"Invalid run_view_type '{shown[:40]}', allowed: {', '.join(SHOWN)}")
    ids = _experiments(caller, given)
    wanted = RunSearch(
        run_filters.parse(given.value("filter")),
        run_filters.order(given.texts("order_by")),
        projects=frozenset(ids),
        shown=SHOWN[shown],
        limit=paging.size(given),
        cursor=given.optional_text("page_token"),
    )
    with caller.store.read() as connection:
        found = run_search.search_runs(connection, wanted)
        known = run_table.get_runs(connection, found.ids)
    metrics = last_metrics.of_runs(caller.store, known)
    described = [runs.describe(one, ids[one.project], metrics[one.id]) for one in known]
    token = {} if found.next_page is None else {"next_page_token": found.next_page}
    return {"runs": described, **token}


def _experiments(caller: MlflowCaller, given: Given) -> dict[str, str]:
    """Return what clients call the projects that a request looks in, by their names. Unknown ones are left out."""
    found: dict[str, str] = {}
    for experiment_id in given.texts("experiment_ids"):
        try:
            known = experiments.find(caller, experiment_id)
        except NotFound:
            continue
        found[known.name] = names.experiment_id(known.id, known.name)
    return found
