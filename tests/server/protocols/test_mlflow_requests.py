"""What MLflow clients log is stored exactly once, and bad requests are refused in their form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.messages import KeyCreate
from tests.server.protocols.mlflow_server import MlflowServer


@pytest.fixture
def served(each_server: tuple[Client, ServerFile]) -> MlflowServer:
    return MlflowServer(*each_server, project=new_id("p-"))


def test_a_repeated_request_is_stored_once(served: MlflowServer) -> None:
    run = served.run()
    for _ in range(3):
        assert served.log(run, 0.5, 0.4).ok
    assert served.log(run, 0.3, first=2).ok
    assert served.log(run, 0.5, 0.4).ok
    assert served.history(run) == [(0, 0.5), (1, 0.4), (2, 0.3)]
    assert served.client.run(run).rows == 3


def test_writers_of_one_run_lose_nothing(served: MlflowServer) -> None:
    run = served.run()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda step: served.log(run, float(step), first=step), range(40)))
    assert all(one.ok for one in answers)
    assert sorted(served.history(run)) == [(step, float(step)) for step in range(40)]


def test_a_parameter_keeps_its_value(served: MlflowServer) -> None:
    run = served.run()
    for _ in range(2):
        assert served.post("runs/log-parameter", run_id=run, key="lr", value="0.10").ok
    refused = served.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
    assert (refused.status_code, refused.json()["error_code"]) == (422, "INVALID_PARAMETER_VALUE")
    assert "Changing param values is not allowed" in refused.json()["message"]
    both = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]
    assert not served.post("runs/log-batch", run_id=run, params=both, tags=[{"key": "t", "value": "1"}]).ok
    found = served.describe(run)["data"]
    assert found["params"] == [{"key": "lr", "value": "0.10"}]
    assert "t" not in {one["key"] for one in found["tags"]}  # all of a batch is stored, or none


def test_a_run_ends_and_runs_again(served: MlflowServer) -> None:
    run = served.run(start_time=5_000, tags=[{"key": "mlflow.runName", "value": "first"}])
    assert served.log(run, 0.5).ok
    assert served.post("runs/update", run_id=run, status="FAILED", end_time=9_000).ok
    assert served.log(run, 0.4, first=1).ok  # a late value does not reopen it
    info = served.describe(run)["info"]
    assert (info["status"], info["start_time"], info["end_time"]) == ("FAILED", 5_000, 9_000)
    assert (info["run_name"], served.client.run(run).state) == ("first", "failed")
    assert served.post("runs/update", run_id=run, status="RUNNING", run_name="again").ok
    assert served.log(run, 0.1).ok
    assert served.describe(run)["info"]["status"] == "RUNNING"
    assert served.client.run(run).name == "again"
    assert served.history(run) == [(0, 0.5), (1, 0.4), (0, 0.1)]  # nothing is abandoned


def test_a_run_of_another_client_takes_metrics_and_keeps_its_state(served: MlflowServer) -> None:
    name = new_id("r-")
    served.send("POST", "/graphql", json=_upsert(name, served.project))
    (run,) = served.client.runs(project=served.project).runs
    assert served.log(run.id, 0.5).ok
    assert served.history(run.id) == [(0, 0.5)]
    assert served.describe(run.id)["data"]["params"] == [{"key": "lr", "value": "0.1"}]


def test_runs_are_found(served: MlflowServer) -> None:
    ids = [served.run(run_name=f"r{number}") for number in range(3)]
    for number, run in enumerate(ids):
        served.log(run, number / 10)
        served.post("runs/log-parameter", run_id=run, key="n", value=f"{number}.0")
        served.post("runs/set-tag", run_id=run, key="mlflow.source.name", value=f"p{number}.py")

    def search(text: str, **fields: object) -> list[int]:
        body = {"experiment_ids": [served.experiment()], "filter": text, **fields}
        found = served.post("runs/search", **body)
        assert found.ok, found.text
        return [ids.index(one["info"]["run_id"]) for one in found.json()["runs"]]

    assert search("") == [2, 1, 0]
    assert search("metrics.loss > 0.05", order_by=["metrics.loss ASC"]) == [1, 2]
    assert search("params.n = '1.0'") == [1]
    assert search("tags.mlflow.source.name LIKE 'p%' and run_name ILIKE 'R_'", order_by=["params.n DESC"]) == [2, 1, 0]
    assert search("attributes.status = 'RUNNING' and tags.`mlflow.source.name` != 'p1.py'") == [2, 0]
    first = served.post("runs/search", experiment_ids=[served.experiment()], max_results=2).json()
    assert search("", max_results=2, page_token=first["next_page_token"]) == [0]
    assert served.post("runs/delete", run_id=ids[0]).ok
    assert search("") == [2, 1]
    assert search("", run_view_type="DELETED_ONLY") == [0]
    assert served.post("runs/restore", run_id=ids[0]).ok
    assert search("", run_view_type="ALL") == [2, 1, 0]
    bulk = served.get("metrics/get-history-bulk-interval", run_id=ids, metric_key="loss", start_step=0, end_step=1)
    assert {one["run_id"] for one in bulk.json()["metrics"]} == set(ids)


def test_an_experiment_is_a_project(served: MlflowServer) -> None:
    experiment = served.experiment()
    assert served.post("experiments/create", name=served.project).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    run = served.run()
    assert served.client.run(run).project == served.project
    assert served.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v").ok
    assert served.post("experiments/delete", experiment_id=experiment).ok
    found = served.get("experiments/get", experiment_id=experiment).json()["experiment"]
    assert (found["lifecycle_stage"], found["tags"]) == ("deleted", [{"key": "k", "value": "v"}])
    assert served.client.run(run).deleted is not None
    assert served.post("experiments/restore", experiment_id=experiment).ok
    assert served.post("experiments/update", experiment_id=experiment, new_name=f"{served.project}-2").ok
    assert served.client.run(run).project == f"{served.project}-2"
    assert served.get("experiments/get", experiment_id="0").json()["experiment"]["name"] == "Default"


def test_artifacts_are_files_of_the_run(served: MlflowServer) -> None:
    run = served.run()
    root = f"{served.experiment()}/{run}/artifacts"
    place = f"/api/2.0/mlflow-artifacts/artifacts/{root}"
    for content in (b"old", b"new"):
        assert served.send("PUT", f"{place}/a/b.txt", data=content).ok
    assert served.send("PUT", f"{place}/empty", data=b"").ok
    assert served.send("GET", f"{place}/a/b.txt").content == b"new"
    assert served.send("GET", f"{place}/empty").content == b""
    listed = served.send("GET", "/api/2.0/mlflow-artifacts/artifacts", params={"path": f"{root}/a"}).json()
    assert listed == {"files": [{"path": "b.txt", "is_dir": False, "file_size": 3}]}
    of_run = served.get("artifacts/list", run_id=run).json()
    assert [one["path"] for one in of_run["files"]] == ["a", "empty"]
    assert served.send("DELETE", f"{place}/a").ok
    missing = served.send("GET", f"{place}/a/b.txt")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert served.send("PUT", f"{place}/%2e%2e/x", data=b"1").status_code in (404, 422)


def test_what_is_not_here_is_refused_at_once_and_counted(served: MlflowServer) -> None:
    for path in ("2.0/mlflow/registered-models/create", "3.0/mlflow/traces"):
        answer = served.send("POST", f"/api/{path}", json={})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
        assert "is not here" in answer.json()["message"]
    counted = {one.operation for one in served.client.unanswered()}
    assert {"MLflow: POST mlflow/registered-models/create", "MLflow: POST mlflow/traces"} <= counted


def test_keys_and_roles_are_checked(served: MlflowServer) -> None:
    run = served.run()
    wrong = served.send("GET", "/api/2.0/mlflow/runs/get", key="x" * 40)
    assert (wrong.status_code, wrong.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert "does not know this API key" in wrong.json()["message"]
    reader = served.client.create_key(KeyCreate(new_id("k-"), role="read")).key
    assert served.send("GET", "/api/2.0/mlflow/runs/get", key=reader, params={"run_id": run}).ok
    found = served.send("POST", "/api/2.0/mlflow/runs/search", key=reader, json={"experiment_ids": []})
    assert found.ok
    refused = served.send("POST", "/api/2.0/mlflow/runs/set-tag", key=reader, json={"run_id": run, "key": "a"})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    other = served.client.create_key(KeyCreate(new_id("k-"), projects=["another"])).key
    hidden = served.send("GET", "/api/2.0/mlflow/runs/get", key=other, params={"run_id": run})
    assert (hidden.status_code, hidden.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert served.send("POST", "/api/2.0/mlflow/experiments/create", key=other, json={"name": "x"}).status_code == 403
    place = f"/api/2.0/mlflow-artifacts/artifacts/{served.experiment()}/{run}/artifacts/a"
    assert served.send("PUT", place, key=other, data=b"1").status_code == 404
    log = {"run_id": run, "key": "a", "value": 1}
    assert served.send("POST", "/api/2.0/mlflow/runs/log-metric", key=other, json=log).status_code == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b"\xff", b"[" * 1000, b'{"run_id": 1e999}'])
def test_a_body_that_is_no_request_is_refused(served: MlflowServer, body: bytes) -> None:
    answer = served.send("POST", "/api/2.0/mlflow/runs/set-tag", data=body)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "INVALID_PARAMETER_VALUE")


def _upsert(name: str, project: str) -> dict[str, object]:
    document = """mutation A($name: String, $project: String, $config: JSONString) {
        upsertBucket(input: {name: $name, modelName: $project, config: $config}) { inserted } }"""
    return {"query": document, "variables": {"name": name, "project": project, "config": '{"lr": {"value": 0.1}}'}}
