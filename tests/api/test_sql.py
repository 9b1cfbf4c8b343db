"""SQL over runs, sweeps and series: what a statement sees, what it may not do, and the command."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lightning_sweeps import messages as m
from lightning_sweeps.api.query import Api
from lightning_sweeps.api.sql import statement, tables
from lightning_sweeps.cli.sql import app as sql
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import UsageError
from tests.servers import running_server
from tests.store.journals import Journal

SWEEP = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [0.1, 0.2]}, "model": {"parameters": {"width": {"value": 8}}}},
}
RUNS, STEPS = 3, 5


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client, ServerFile]]:
    """A server with three runs in `ours`, one in `theirs`, and a sweep with two trials in each."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with running_server(home) as (client, server):
        for number in range(RUNS + 1):
            project = "ours" if number < RUNS else "theirs"
            config = {"lr": 0.1 * number, "model": {"width": 8, "layers": [1, 2]}, "large": 2**64 - 1}
            journal = Journal(id=f"j{number}", run=f"r{number}", project=project, rank=number, config=config)
            for step in range(STEPS):
                journal.log(step, loss=math.nan if step == 2 else step + number / 10, accuracy=0.5)
            client.send_journal(journal.id, 0, journal.finish().data)
        for project in ("ours", "theirs"):
            made = client.create_sweep(m.SweepCreate(SWEEP, project=project, name=f"sweep of {project}"))
            for lr in (0.1, 0.2):
                client.enqueue_trial(made.id, {"lr": lr})
        yield home, client, server


@pytest.fixture
def api(filled: tuple[Path, Client, ServerFile], monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("LIGHTNING_SWEEPS_HOME", str(filled[0]))
    return Api(filled[1])


def test_tables_have_what_was_logged(api: Api) -> None:
    (counted,) = api.sql("select count(*) as n, min(state) as state from runs where project = 'ours'")
    assert counted == {"n": RUNS, "state": "finished"}
    rows = list(api.sql("select run, value from config where name = 'model.width' order by run"))
    assert rows == [{"run": f"r{number}", "value": 8} for number in range(RUNS + 1)]
    joined = "select r.name, s.value from runs r join summary s on s.run = r.id where s.name = 'loss' and r.id = 'r1'"
    assert list(api.sql(joined)) == [{"name": "a name", "value": 4.1}]
    nested = api.sql("select json_extract(config, '$.model.layers[1]') as value from runs")
    assert [row["value"] for row in nested] == [2] * (RUNS + 1)
    assert next(iter(api.sql("select value from config where name = 'large'")))["value"] == str(2**64 - 1)


def test_points_and_series(api: Api) -> None:
    points = list(api.sql("select step, value from points where run = 'r1' and name = 'loss' order by step"))
    assert points == [{"step": step, "value": None if step == 2 else step + 0.1} for step in range(STEPS)]
    (series,) = api.sql("select count, last, minimum, maximum from series where run = 'r2'", keys=["loss"])
    assert series == {"count": STEPS, "last": 4.2, "minimum": 0.2, "maximum": 4.2}
    names = api.sql("select distinct name from points order by name", filter="rank = 1")
    assert [row["name"] for row in names] == ["accuracy", "loss"]
    assert [row["run"] for row in api.sql("select distinct run from points", filter="rank = 1")] == ["r1"]


def test_sweeps_trials_and_parameters(api: Api) -> None:
    (sweep,) = api.sql("select name, method, trials, best_trial from sweeps", project="ours")
    assert sweep == {"name": "sweep of ours", "method": "grid", "trials": 2, "best_trial": None}
    asked = """
        select t.number, p.value from trials t join params p on p.trial = t.id join sweeps s on s.id = t.sweep
        where p.name = 'lr' and s.project = 'theirs' and t.state = 'pending' order by 1
    """
    assert [tuple(row.values()) for row in api.sql(asked)] == [(1, 0.1), (2, 0.2)]
    assert {row["name"] for row in api.sql("select name from params")} == {"lr", "model.width"}


def test_only_tables_that_are_read_are_filled(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_POINTS", STEPS)
    assert len(list(api.sql("select * from series"))) == 2 * (RUNS + 1)
    with pytest.raises(UsageError, match=r"reads `points`, which has 40 rows here, allowed: 5\nhint: .* `--key`"):
        api.sql("select max(value) from points")
    assert len(list(api.sql("select * from points", keys=["loss"], filter="rank = 1"))) == STEPS


def test_a_frame_and_columns_of_one_name(api: Api) -> None:
    frame = api.sql("select a.id, b.id from runs a join runs b on a.id = b.id").frame()
    assert list(frame.columns) == ["id", "id_2"] and len(frame) == RUNS + 1
    assert list(api.sql("select 1 where 0")) == []


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("delete from runs", "does more than read"),
        ("select 1; drop table runs", "does more than read"),
        ("attach database '/tmp/other.db' as other", "does more than read"),
        ("pragma query_only = 0", "does more than read"),
        ("select * from pragma_database_list", "does more than read"),
        ("select load_extension('x')", "does more than read"),
        ("insert into runs (id) select 'x' returning id", "does more than read"),
        ("with x as (select 1) update runs set id = 'x'", "does more than read"),
        ("vacuum into '/tmp/copy.db'", "does more than read"),
        ("create temp table mine as select 1", "does more than read"),
        ("selct 1", "cannot run: near"),
        ("select * from api_key", "no such table: api_key.*\nhint: the tables are sweeps, trials"),
        ("select * from session", "no such table"),
        ("select missing from runs", "no such column: missing"),
        ("", "cannot run"),
    ],
)
def test_a_statement_only_reads(api: Api, asked: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        api.sql(asked)


def test_a_statement_has_limits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select {} from n"
    with pytest.raises(UsageError, match=r"took longer than 0\.2 s"):
        api.sql(endless.format("max(i)"), timeout_s=0.2)
    monkeypatch.setattr(statement, "MAX_ROWS", 10)
    with pytest.raises(UsageError, match="more than 10 rows"):
        api.sql(endless.format("i"))


def test_a_limited_key_sees_its_projects_only(filled: tuple[Path, Client, ServerFile], api: Api) -> None:
    _, client, server = filled
    key = client.create_key(m.KeyCreate("reader", "read", projects=["ours"])).key
    with Client(server.url, key) as limited:
        own = Api(limited)
        assert list(own.sql("select project from runs union select project from sweeps")) == [{"project": "ours"}]
        assert len(list(own.sql("select distinct run from points"))) == RUNS
        assert len(list(own.sql("select * from trials"))) == 2
        assert all(row["name"] != "theirs" for row in own.sql("select * from config"))


def test_the_command(api: Api, tmp_path: Path) -> None:
    def run(*words: str, given: str | None = None) -> str:
        done = CliRunner().invoke(sql, list(words), input=given, catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    asked = "select id, rank from runs where rank < 2 order by rank"
    assert json.loads(run(asked, "--json")) == [{"id": "r0", "rank": 0}, {"id": "r1", "rank": 1}]
    assert list(csv.reader(run("-", "--csv", given=asked).splitlines())) == [["id", "rank"], ["r0", "0"], ["r1", "1"]]
    assert "r1" in run(asked) and "No rows." in run("select 1 where 0")
    assert json.loads(run("select count(*) as n from runs", "--json", "--project", "theirs")) == [{"n": 1}]
    listed = run("--tables")
    assert all(f"{name}({', '.join(table.columns)})" in listed for name, table in tables.TABLES.items())
    for words, text in (([], "no statement was given"), ([asked, "--json", "--csv"], "allowed: one of them")):
        with pytest.raises(UsageError, match=text):
            CliRunner().invoke(sql, words, catch_exceptions=False)
