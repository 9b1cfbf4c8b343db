"""Speaks to a server as a wandb client does, request by request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.wandb.names import ENTITY

TIMEOUT_S = 300
UPSERT = """
mutation UpsertBucket($name: String, $project: String, $entity: String, $config: JSONString, $host: String,
    $displayName: String, $groupName: String, $tags: [String!], $summaryMetrics: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, config: $config, host: $host,
      displayName: $displayName, groupName: $groupName, tags: $tags, summaryMetrics: $summaryMetrics}) {
    bucket { id name displayName config historyLineCount project { name entity { name } } }
    inserted
  }
}
"""
RESUME = """
query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) {
    bucket(name: $name, missingOk: true) { name historyLineCount logLineCount historyTail config wandbConfig tags }
  }
}
"""


@dataclass(frozen=True, slots=True)
class WandbServer:
    """A running server, as a wandb client sees it."""

    client: Client
    server: ServerFile
    project: str = "digits"

    def post(self, path: str, body: Any, *, key: str | None = None, **options: Any) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        auth = ("api", self.server.token if key is None else key)
        return requests.post(self.server.url + path, data=data, auth=auth, timeout=TIMEOUT_S, **options)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the body of the answer to a document."""
        found: dict[str, Any] = self.post("/graphql", {"query": query, "variables": variables}).json()
        return found

    def upsert(self, name: str, **given: Any) -> dict[str, Any]:
        answer = self.ask(UPSERT, name=name, project=self.project, **{"host": "gpu1", **given})
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]["upsertBucket"]
        return found

    def resume(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.ask(RESUME, project=self.project, name=name)["data"]["model"]["bucket"]
        return found

    def stream(self, name: str, body: Any, **options: Any) -> requests.Response:
        return self.post(f"/files/{ENTITY}/{self.project}/{name}/file_stream", body, **options)

    def log(self, name: str, first: int, losses: list[float], *, since: float = 1000.0) -> requests.Response:
        lines = [row(number, loss, since=since) for number, loss in enumerate(losses, first)]
        return self.stream(name, {"files": {"wandb-history.jsonl": {"offset": first, "content": lines}}})

    def run(self) -> RunDetails:
        (found,) = self.client.runs(project=self.project).runs
        return found

    def has_rows(self, count: int) -> bool:
        """Return whether the only run of the project is there, with as many rows."""
        return [run.rows for run in self.client.runs(project=self.project).runs] == [count]

    def losses(self) -> list[tuple[int, float]]:
        """Return step and value of each stored loss that is not abandoned."""
        points = self.client.points(self.run().id, "loss")
        return [(one.step, float(one.value)) for one in points if not one.is_abandoned]


def row(step: int, loss: float, *, since: float = 1000.0) -> str:
    """Return a line of `wandb-history.jsonl`."""
    return json.dumps({"_step": step, "_timestamp": since + step, "_runtime": step, "loss": loss})
