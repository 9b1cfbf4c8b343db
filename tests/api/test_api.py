"""Reading in Python, exports, and maintenance of the database."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from lightning_sweeps.api.query import Api
from lightning_sweeps.cli.db import app as db
from lightning_sweeps.cli.export import app as export
from lightning_sweeps.client import Client
from lightning_sweeps.client.runs import PAGE_RUNS
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsQuery, SortKey
from lightning_sweeps.store import maintenance, schema
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from tests.servers import running_server
from tests.store.journals import STARTED, Journal
from tests.store.uploads import send


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client, ServerFile]]:
    """A server for the tests that only read, with three runs of two series of five points."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with running_server(home) as (client, server):
        for number in range(3):
            journal = Journal(id=f"j{number}", run=f"r{number}", rank=number, config={"lr": 0.1 * number})
            for step in range(5):
                journal.log(step, loss=math.nan if step == 2 else step + number / 10, epoch=step // 2)
            journal.finish()
            client.send_journal(journal.id, 0, journal.data)
        yield home, client, server


@pytest.fixture
def served(filled: tuple[Path, Client, ServerFile], monkeypatch: pytest.MonkeyPatch) -> tuple[Client, ServerFile]:
    """The same server. Commands find it through its home folder."""
    home, client, server = filled
    monkeypatch.setenv("LIGHTNING_SWEEPS_HOME", str(home))
    return client, server


def test_rows_are_fetched_during_iteration(served: tuple[Client, ServerFile]) -> None:
    api = Api(served[0])
    assert api.projects() == ["project-1"]
    runs = api.runs("project-1", filter="config.lr > 0", sort=["-config.lr"], columns=["config.lr"])
    assert [run["id"] for run in runs] == ["r2", "r1"] == [run["id"] for run in runs]
    assert [run["id"] for run in api.group("group-1")] == ["r0", "r1", "r2"]
    by_page = [[row["id"] for row in page] for page in served[0].all_runs(RunsQuery(sort=[SortKey("rank")], limit=2))]
    assert by_page == [["r0", "r1"], ["r2"]]
    first = served[0].runs(limit=2)
    assert [run.id for run in served[0].runs(limit=2, cursor=first.next_page).runs] == ["r2"]
    points = list(api.points("r1", "loss"))
    assert [point["value"] for point in points if point["step"] != 2] == [0.1, 1.1, 3.1, 4.1]
    assert math.isnan(points[2]["value"])
    assert [point["step"] for point in api.points("r1", "loss", x="key:epoch", low=1)] == [2, 3, 4]
    assert [info.key for info in api.keys("r0")] == ["loss", "epoch"] and api.nodes() == []
    assert api.sweeps("project-1") == [] and api.run("r0").state == "finished" and PAGE_RUNS <= 1000


def test_frames(served: tuple[Client, ServerFile]) -> None:
    frame = Api(served[0]).points("r0", "loss").frame()
    assert frame["step"].tolist() == [0, 1, 2, 3, 4] and frame["value"].isna().sum() == 1


def test_export_writes_every_value(served: tuple[Client, ServerFile], tmp_path: Path) -> None:
    run = CliRunner()
    done = run.invoke(export, [str(tmp_path / "csv"), "--project", "project-1"], catch_exceptions=False)
    assert done.exit_code == 0 and "3 runs" in done.output and "30 values" in done.output
    with (tmp_path / "csv/points.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["value"] for row in rows if row["run"] == "r1" and row["key"] == "loss"] == [
        "0.1",
        "1.1",
        "nan",
        "3.1",
        "4.1",
    ]
    options = ["--format", "json", "--filter", "rank = 2", "--key", "epoch"]
    run.invoke(export, [str(tmp_path / "json"), *options], catch_exceptions=False)
    points = [json.loads(line) for line in (tmp_path / "json/points.json").read_text().splitlines()]
    assert [(point["run"], point["value"]) for point in points] == [
        ("r2", value) for value in (0.0, 0.0, 1.0, 1.0, 2.0)
    ]
    (row,) = (json.loads(line) for line in (tmp_path / "json/runs.json").read_text().splitlines())
    assert (row["id"], row["config"]) == ("r2", {"lr": 0.2}) and row["summary"]["epoch"] == 2


def test_export_to_parquet(served: tuple[Client, ServerFile], tmp_path: Path) -> None:
    CliRunner().invoke(export, [str(tmp_path), "--format", "parquet"], catch_exceptions=False)
    with pyarrow.parquet.ParquetFile(tmp_path / "points.parquet") as file:
        table = file.read()
    assert table.num_rows == 30 and str(table.schema.field("value").type) == "double"


def test_db_commands_while_a_server_runs(served: tuple[Client, ServerFile], tmp_path: Path) -> None:
    run = CliRunner()
    copy = tmp_path / "copy.db"
    for arguments, said in (
        (["check"], "intact"),
        (["compact"], "Sorted"),
        (["backup", str(copy)], "MB"),
        (["check", "--database", f"sqlite:///{copy}"], "intact"),
        (["migrate"], "schema is at"),
    ):
        done = run.invoke(db, arguments, catch_exceptions=False)
        assert done.exit_code == 0 and said in done.output
    assert len(Api(served[0]).keys("r0")) == 2
    with pytest.raises(UsageError, match="already exists"):
        run.invoke(db, ["backup", str(copy)], catch_exceptions=False)


def test_db_commands_need_an_existing_database(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no database"):
        CliRunner().invoke(db, ["check"], catch_exceptions=False)
    with pytest.raises(UsageError, match="schema none"):
        CliRunner().invoke(db, ["check", "--database", f"sqlite:///{tmp_path / 'new.db'}"], catch_exceptions=False)


def test_check_finds_damage(database: str) -> None:
    store = open_store(database)
    migrate(store)
    _fill(store)
    assert maintenance.check(store) == []
    with store.write() as connection:
        connection.execute(delete(schema.column_chunk).where(schema.column_chunk.c.number == 1))
        connection.execute(update(schema.series).values(count=7))
    first, second = maintenance.check(store)
    store.close()
    assert "has 2 chunks, but its row says 3" in first
    assert "`loss` of `run-1` has 3072 points, but its row says 7" in second


def test_check_of_what_came_in_lately(database: str) -> None:
    store = open_store(database)
    migrate(store)
    _fill(store)
    send(store, Journal(id="journal-2", run="run-2", created=STARTED + 1e6).log(1, loss=1.0).finish())
    with store.write() as connection:
        connection.execute(update(schema.series).values(count=7))
    lines: list[str] = []
    (finding,) = maintenance.check(store, since=STARTED + 9e5, say=lines.append)
    assert "`loss` of `run-2` has 1 points, but its row says 7" in finding
    assert lines == ["checking points: 0 series are done"]
    assert len(maintenance.check(store, since=STARTED)) == 2
    assert maintenance.check(store, since=STARTED + 1e7) == []
    store.close()


def test_db_check_says_which_ages_are_allowed(home: Path) -> None:
    with pytest.raises(UsageError, match="`--changed soon` is not an age") as refused:
        CliRunner().invoke(db, ["check", "--changed", "soon"], catch_exceptions=False)
    assert "such as `1d`" in (refused.value.hint or "")


def test_check_finds_a_dangling_reference(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "test.db"))
    migrate(store)
    _fill(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # SQLite disables foreign keys only outside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DELETE FROM segment")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("BEGIN")
        connection.commit()
    findings = maintenance.check(store)
    store.close()
    assert any("no `segment`" in finding for finding in findings)


def _fill(store: Store) -> None:
    journal = Journal()
    for step in range(3 * 1024):
        journal.log(step, loss=float(step))
    send(store, journal.finish())
