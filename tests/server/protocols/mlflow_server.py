"""Speaks to a server as an MLflow client does, request by request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile

TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class MlflowServer:
    """A running server, as an MLflow client sees it."""

    client: Client
    server: ServerFile
    project: str = "digits"

    def send(self, method: str, path: str, *, key: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.server.token if key is None else key}"}
        return requests.request(method, self.server.url + path, headers=headers, timeout=TIMEOUT_S, **options)

    def post(self, name: str, /, **fields: Any) -> requests.Response:
        return self.send("POST", f"/api/2.0/mlflow/{name}", json=fields)

    def get(self, name: str, /, **fields: Any) -> requests.Response:
        return self.send("GET", f"/api/2.0/mlflow/{name}", params=fields)

    def experiment(self) -> str:
        """Return the id of the project's experiment; create it if it is new."""
        found = self.get("experiments/get-by-name", experiment_name=self.project)
        if found.status_code == 404:
            created: str = self.post("experiments/create", name=self.project).json()["experiment_id"]
            return created
        known: str = found.json()["experiment"]["experiment_id"]
        return known

    def run(self, **fields: Any) -> str:
        """Create a run, and return its id."""
        answer = self.post("runs/create", experiment_id=self.experiment(), **fields)
        assert answer.ok, answer.text
        found: str = answer.json()["run"]["info"]["run_id"]
        return found

    def log(self, run_id: str, *values: float, key: str = "loss", first: int = 0) -> requests.Response:
        metrics = [
            {"key": key, "value": value, "step": step, "timestamp": 1_000 + step}
            for step, value in enumerate(values, first)
        ]
        return self.post("runs/log-batch", run_id=run_id, metrics=metrics)

    def history(self, run_id: str, key: str = "loss") -> list[tuple[int, float]]:
        """Return step and value of each stored value of a metric."""
        found = self.get("metrics/get-history", run_id=run_id, metric_key=key).json()
        return [(one["step"], one["value"]) for one in found["metrics"]]

    def describe(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get("runs/get", run_id=run_id).json()["run"]
        return found
