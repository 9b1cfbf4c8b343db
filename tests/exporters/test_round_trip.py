"""An export holds everything of a run, and a server that stores its journals has the same runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.api.query import Api
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.messages import LineRequest, SeriesQuery
from tests.cli.test_cli import command
from tests.servers import PostgreSQL, running_server, wait_until
from tests.service.services import running_service
from tests.service.test_service import closed_run
from tests.store.journals import STARTED, Journal

PROGRAM = """
import math, os, sys
import lightning_sweeps as ls

config = {"lr": 0.1, "net": {"depth": [1, 2]}}
run = ls.init("all", name="ünï", config=config, tags=["a"], notes="a\\nnote", job_type="train")
run.capture_console()
print("printed")
print("to stderr", file=sys.stderr)
for i in range(3000):
    run.log({"loss": 1 / (i + 1), "nested": {"x": i}}, step=i)
for phase in ["warmup", "train", "train", "cooldown"]:
    run.log({"phase": phase, "loss": math.nan, "sizes": [1, 2.5, "x"], "none": None})
run.log({"big": 2**53 + 1, "small": 1, "flag": True, "inf": math.inf, "minus": -math.inf})
run.log({"big": -2**62, "mixed": "text"})
run.log({"mixed": 1.5})
run.log({"loss": 7.0}, step=5)
run.log_text("words", text="hello", step=3)
run.log_media("file", b"some bytes", caption="ä")
path = os.path.join(os.environ["LIGHTNING_SWEEPS_HOME"], "data.txt")
open(path, "w").write("content")
run.log_artifact(path, name="data", kind="dataset", aliases=["best"], metadata={"rows": 3})
run.config["later"] = 1
run.summary["best"] = 0.5
child = os.fork()
if child == 0:
    run.log({"from_child": 1.0})
    os._exit(3)
os.waitpid(child, 0)
sys.exit(4)
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def another(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An empty server, to import into."""
    url = None
    if request.param == "postgresql":
        cluster: PostgreSQL = request.getfixturevalue("postgres")
        url = cluster.new_database()
    with running_server(tmp_path_factory.mktemp("another") / "home", url) as (client, _):
        yield client


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    """A server with a run of everything, and its export: tables as JSON lines, journals and files."""
    home, folder = tmp_path_factory.mktemp("first") / "home", tmp_path_factory.mktemp("exported")
    with running_server(home) as (client, _), running_service(home, LIGHTNING_SWEEPS_SERVICE="off"):
        variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_SERVICE": "process"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 4, done.stderr
        (run,) = closed_run(client, "all")
        wait_until(lambda: not list(Home(home).journals.glob("*.closed")), what="the end of the child's journal")
        client.label_run(run.id, tags=["b", "c"], notes="edited")
        for file_format in ("json", "journals", "csv", "parquet"):
            export(client, folder, file_format)
        yield folder, client


def export(client: Client, folder: Path, file_format: str) -> None:
    Api(client).export(folder, format=file_format)


def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table, in an order that does not depend on the server."""
    found = {}
    for path in folder.glob("*.json"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        found[path.stem] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


def test_an_export_holds_what_was_logged_as_it_was_logged(exported: tuple[Path, Client]) -> None:
    folder, _ = exported
    found = tables(folder)
    assert found.keys() == {"runs", "points", "console", "media", "artifacts"}
    by_key: dict[str, list[dict[str, Any]]] = {}
    for point in sorted(found["points"], key=lambda point: point["sequence"]):
        by_key.setdefault(point["key"], []).append(point)
    exact = {key: [json.loads(point["exact"]) for point in points if point["exact"]] for key, points in by_key.items()}
    assert exact["phase"] == ["warmup", "train", "train", "cooldown"]
    assert exact["sizes"] == [[1, 2.5, "x"]] * 4 and exact["none"] == [None] * 4
    assert exact["big"] == [2**53 + 1, -(2**62)] and exact["small"] == []
    assert [point["value"] for point in by_key["mixed"]] == [None, 1.5] and exact["mixed"] == ["text"]
    assert [point["value"] for point in by_key["inf"] + by_key["minus"]] == ["inf", "-inf"]
    assert len(by_key["loss"]) == 3005 and len(by_key["nested.x"]) == 3000
    (run,) = found["runs"]
    assert (run["tags"], run["notes"], run["state"], run["exit_code"]) == (["b", "c"], "edited", "failed", 4)
    assert run["config"] == {"lr": 0.1, "net": {"depth": [1, 2]}, "later": 1}
    assert {"printed", "to stderr"} <= {line["line"] for line in found["console"]}
    (artifact,) = found["artifacts"]
    for row in [*found["media"], *artifact["files"]]:
        assert Home(folder).blob(row["digest"]).stat().st_size == row["size_bytes"]
    assert (folder / "points.csv").exists() and (folder / "points.parquet").exists()


def test_export_import_and_export_are_equal(
    exported: tuple[Path, Client], another: Client, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, first = exported
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", another.url)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", str(another._session.headers["Authorization"]).split()[1])
    done = command(home, "sync", str(folder / "journals"))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    export(another, tmp_path, "json")
    before, after = tables(folder), tables(tmp_path)
    assert before.keys() == after.keys()
    for row in [*before["runs"], *after["runs"]]:
        assert row.pop("created_by")  # the key that sent the run to this server
    for name in before:
        assert after[name] == before[name], name
    assert "with 0 new records" in command(home, "sync", str(folder / "journals")).stdout
    (run,) = another.runs(project="all").runs
    lines = [LineRequest(run.id, key.key) for key in first.keys(run.id)]
    assert another.query_series(SeriesQuery(lines, points=50)) == first.query_series(SeriesQuery(lines, points=50))


def test_pages_of_runs_are_stable_while_runs_arrive(another: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightning_sweeps.api.query.PAGE_RUNS", 5)
    for number in range(12):
        add_run(another, number)
    rows = iter(Api(another).runs("project-1"))
    seen = [next(rows)["id"] for _ in range(3)]
    for number in range(12, 20):
        add_run(another, number)
    seen += [row["id"] for row in rows]
    assert len(seen) == len(set(seen)), "no run comes twice"
    assert {f"page-{number}" for number in range(12)} <= set(seen), "no run is left out"


def add_run(client: Client, number: int) -> None:
    journal = Journal(id=f"j-page-{number}", run=f"page-{number}", created=STARTED + number)
    client.send_journal(journal.id, 0, journal.data)
