"""Real MLflow clients log to this server, unmodified. One server and one environment serve all tests of a version."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.protocols.installed_client import installed_client
from tests.server.protocols.mlflow_server import MlflowServer
from tests.servers import PostgreSQL, running_server, wait_until

pytestmark = pytest.mark.slow

PROGRAM_S = 300
LOGS = """
import mlflow
mlflow.set_experiment("plain")
with mlflow.start_run(run_name="first", tags={"team": "vision"}, description="a note") as run:
    mlflow.log_params({"lr": 0.1, "opt": "adam", "width": "1.0"})
    for step in range(20):
        mlflow.log_metrics({"loss": 1 / (step + 1), "val/acc": step}, step=step)
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.log_dict({"a": 1}, "b.json")
read = mlflow.get_run(run.info.run_id)
assert read.data.params == {"lr": "0.1", "opt": "adam", "width": "1.0"}, read.data.params
assert read.data.metrics == {"loss": 0.05, "val/acc": 19.0}, read.data.metrics
assert read.data.tags["team"] == "vision" and read.info.status == "FINISHED"
client = mlflow.MlflowClient()
assert [one.value for one in client.get_metric_history(run.info.run_id, "val/acc")] == list(map(float, range(20)))
assert [one.path for one in client.list_artifacts(run.info.run_id)] == ["b.json", "notes"]
assert mlflow.artifacts.load_text(read.info.artifact_uri + "/notes/a.txt") == "hello"
for text in ("metrics.loss < 0.1 and params.lr = '0.1'", "tags.team LIKE 'vis%'", "metrics.`val/acc` >= 19"):
    assert len(mlflow.search_runs(filter_string=text, order_by=["metrics.loss DESC"])) == 1, text
"""
AUTOLOGS = """
import mlflow, mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment("iris")
mlflow.sklearn.autolog()
inputs, wanted = load_iris(return_X_y=True)
with mlflow.start_run() as run:
    model = LogisticRegression(max_iter=200).fit(inputs, wanted)
read = mlflow.get_run(run.info.run_id)
assert read.data.params["max_iter"] == "200" and read.data.metrics["training_score"] > 0.9
(logged,) = mlflow.search_logged_models(output_format="list")
assert list(mlflow.sklearn.load_model(logged.model_uri).predict(inputs[:3])) == [0, 0, 0]
try:
    mlflow.register_model(logged.model_uri, "registered")
except mlflow.exceptions.MlflowException as error:
    print(error)
"""


@dataclass(frozen=True, slots=True)
class MlflowPrograms:
    """Runs programs of MLflow users against a server."""

    served: MlflowServer
    python: Path
    folder: Path

    def start(self, program: str, **variables: str) -> subprocess.Popen[str]:
        """Start a program."""
        file = self.folder / "program.py"
        file.write_text(textwrap.dedent(program))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "LIGHTNING_"))}
        server = self.served.server
        given = {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_TOKEN": server.token, "DO_NOT_TRACK": "true"}
        return subprocess.Popen(
            [str(self.python), str(file)],
            cwd=self.folder,
            env=kept | given | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, program: str, *, status: int = 0, **variables: str) -> str:
        """Run a program to its end, and return what it printed."""
        with self.start(program, **variables) as process:
            printed, _ = process.communicate(timeout=PROGRAM_S)
        assert process.returncode == status, printed
        return printed


@pytest.fixture(scope="session", params=["", "2"], ids=["newest", "2"])
def mlflow_python(request: pytest.FixtureRequest) -> Path:
    """Provide the interpreter of an environment with MLflow: the newest version, and the newest 2.x."""
    if request.param and not request.config.getoption("--all-clients"):
        pytest.skip("MLflow 2 is installed for these tests with `pytest --all-clients`")
    return installed_client(request.config, "mlflow", request.param)


@pytest.fixture(scope="module")
def programs(mlflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowPrograms]:
    with running_server(tmp_path_factory.mktemp("server")) as (client, server):
        yield MlflowPrograms(MlflowServer(client, server), mlflow_python, tmp_path_factory.mktemp("programs"))


def test_a_plain_script_logs_and_reads(programs: MlflowPrograms) -> None:
    programs.run(LOGS)
    client = programs.served.client
    (run,) = client.runs(project="plain").runs
    assert (run.name, run.notes, run.state, run.rows) == ("first", "a note", "finished", 20)
    assert {key: run.config[key] for key in ("lr", "opt")} == {"lr": 0.1, "opt": "adam"}
    assert [one.value for one in client.points(run.id, "val/acc")] == list(range(20))


def test_artifacts_are_stored_beside_postgresql(
    mlflow_python: Path, home: Path, tmp_path: Path, postgres: PostgreSQL, migrated_url: str
) -> None:
    database = postgres.new_database(like=migrated_url)
    with running_server(home, database) as (client, server):
        MlflowPrograms(MlflowServer(client, server), mlflow_python, tmp_path).run(LOGS)
        (run,) = client.runs(project="plain").runs
        assert (run.state, run.rows) == ("finished", 20)
    postgres.drop(database)


def test_autolog_and_models_work_and_the_registry_is_not_here(programs: MlflowPrograms) -> None:
    assert "is not here" in programs.run(AUTOLOGS)


def test_values_of_a_killed_client_are_there_and_a_wrong_key_is_named(programs: MlflowPrograms) -> None:
    endless = "import mlflow, time\nmlflow.set_experiment('killed')\nmlflow.log_metric('loss', 1)\ntime.sleep(999)"
    client = programs.served.client
    with programs.start(endless) as process:
        wait_until(lambda: [one.rows for one in client.runs(project="killed").runs] == [1], timeout_s=120)
        process.kill()
        process.wait()
    (run,) = client.runs(project="killed").runs
    assert [one.value for one in client.points(run.id, "loss")] == [1.0]
    printed = programs.run("import mlflow\nmlflow.start_run()", status=1, MLFLOW_TRACKING_TOKEN="ls_" + "0" * 64)
    assert "does not know this API key" in printed
    key = programs.served.server.token
    logs = "import mlflow\nwith mlflow.start_run(): mlflow.log_metric('a', 1)"
    programs.run(logs, MLFLOW_TRACKING_TOKEN="", MLFLOW_TRACKING_USERNAME="me", MLFLOW_TRACKING_PASSWORD=key)


def test_lightnings_own_logger_works(programs: MlflowPrograms) -> None:
    program = f"""
    import sys
    sys.path += {[one for one in sys.path if one.endswith("site-packages")]!r}
    from lightning.pytorch.loggers import MLFlowLogger
    logger = MLFlowLogger(experiment_name="lightning", run_name="fit")
    logger.log_hyperparams({{"model": {{"width": 8}}, "lr": 0.1}})
    for step in range(3):
        logger.log_metrics({{"loss": float(step)}}, step=step)
    logger.finalize("success")
    """
    programs.run(program)
    (run,) = programs.served.client.runs(project="lightning").runs
    assert (run.name, run.state, run.rows, run.config["model/width"]) == ("fit", "finished", 3, 8)
