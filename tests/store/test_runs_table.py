"""The runs table: the filter language, filters and sorting, on both databases."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsQuery, SortKey
from lightning_sweeps.server.journal_parts import parse
from lightning_sweeps.store import ingest
from lightning_sweeps.store.changes import read_changes
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.filters import Combination, Comparison, Not, parse_filter
from lightning_sweeps.store.runs_table import read_page
from tests.store.journals import STARTED, Journal


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("state = finished", Comparison("state", "=", ("finished",))),
        ("summary.val/loss<=1e-3", Comparison("summary.val/loss", "<=", (0.001,))),
        ("summary.`val loss` > -2", Comparison("summary.val loss", ">", (-2.0,))),
        (r'name ~ "a \"b\""', Comparison("name", "~", ('a "b"',))),
        ("config.fp16 == true", Comparison("config.fp16", "=", (True,))),
        ("ended = null", Comparison("ended", "=", (None,))),
        ("state in (failed, 'killed')", Comparison("state", "in", ("failed", "killed"))),
        ("not tags has x", Not(Comparison("tags", "has", ("x",)))),
        (
            "a = 1 or b = 2 and not (c = 3)",
            Combination(
                "or",
                (
                    Comparison("a", "=", (1.0,)),
                    Combination("and", (Comparison("b", "=", (2.0,)), Not(Comparison("c", "=", (3.0,))))),
                ),
            ),
        ),
    ],
)
def test_filters_are_parsed(text: str, tree: object) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state", "its end"),
        ("state =", "its end"),
        ("= 3", "`=` at character 1, expected: a column"),
        ("a = 1 b = 2", "`b` at character 7"),
        ("(a = 1", r"`\)`"),
        ("a in b", r"`\(`"),
        ("a = 'open", "character 5"),
        ("(" * 60 + "a = 1" + ")" * 60, "nested"),
        ("a" * 20_000, "20000 characters"),
    ],
)
def test_a_syntax_error_says_where_it_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_filter(text)


@given(st.text(alphabet="ab.=<>!~()'\"`, 1\\", max_size=40))
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    try:
        parse_filter(text)
    except UsageError as error:
        assert error.hint or "nested" in error.message


@pytest.fixture
def runs_store(store: Store) -> Store:
    for number in range(4):
        config = {
            "lr": 10.0**-number,
            "net": {"depth": number},
            "opt": "adam" if number % 2 else "sgd",
            "amp": number > 1,
        }
        journal = Journal(id=f"j{number}", run=f"r{number}", created=STARTED + number, config=config)
        journal.log(0, **{"val/loss": float("nan") if number == 3 else 4.0 - number, "note": f"n{number}"})
        if number == 2:
            journal.set_summary(**{"val/loss": 100.0})
        if number:
            journal.finish("failed" if number == 1 else "finished")
        with store.write() as connection:
            ingest.commit(connection, store.series, parse(journal.id, 0, journal.data, committed=0), now=STARTED)
    return store


def chosen(store: Store, text: str, *sort: SortKey) -> list[str]:
    with store.read() as connection:
        page = read_page(connection, RunsQuery(filter=text, sort=list(sort) or [SortKey("id")], columns=[]))
    assert page.total == len(page.rows)
    return [row["id"] for row in page.rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "0123"),
        ("state = finished", "23"),
        ("state != finished", "01"),
        ("state in (failed, running)", "01"),
        ("not state = finished", "01"),
        ("config.lr < 0.05", "23"),
        ("config.net.depth >= 1 and config.opt = adam", "13"),
        ("config.amp = true", "23"),
        ("config.nothing = null", "0123"),
        ("config.nothing != 3", "0123"),
        ("config.nothing > 3", ""),
        ("not config.nothing > 3", "0123"),
        ("summary.val/loss > 3.5", "02"),  # what the user set overrides what was logged
        ("summary.val/loss = nan", "3"),
        ("summary.note ~ N1", "1"),
        ("name ~ 'A na'", "0123"),
        ("name ~ '%'", ""),
        ("created >= 2023-11-14T22:13:22Z", "23"),
        ("created > -1d", ""),
        ("duration >= 1", "0123"),
        ("exit_code = null", "0123"),
        ("rows = 1 or rows > 5", "0123"),
        ("tags has x", ""),
        ("not tags has x and id = r1", "1"),
        ("id = 'r1' or (id = r2 and not project = other)", "12"),
    ],
)
def test_filters_select_runs(runs_store: Store, text: str, expected: str) -> None:
    assert chosen(runs_store, text) == [f"r{number}" for number in expected]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (SortKey("created", True), "3210"),
        (SortKey("summary.val/loss"), "1023"),  # NaN is not a number: it comes after all numbers
        (SortKey("summary.val/loss", True), "2013"),
        (SortKey("config.lr"), "3210"),
        (SortKey("summary.note", True), "3210"),
        (SortKey("duration"), "3120"),
    ],
)
def test_sorting(runs_store: Store, sort: SortKey, expected: str) -> None:
    found = chosen(runs_store, "", sort)
    if sort.column == "duration":
        assert len(found) == 4
    else:
        assert found == [f"r{number}" for number in expected]


def test_the_state_of_a_group_is_the_worst_of_its_ranks(runs_store: Store) -> None:
    with runs_store.read() as connection:
        rows = read_page(connection, RunsQuery(columns=["state", "group_state"])).rows
    assert {row["state"] for row in rows} == {"running", "failed", "finished"}
    assert {row["group_state"] for row in rows} == {"failed"}
    assert chosen(runs_store, "group_state = failed and rank = 0") == [row["id"] for row in reversed(rows)]
    assert chosen(runs_store, "group_state = finished") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["r0", "other"]),  # a row a group: its lowest rank
        ("state = failed", ["r0"]),  # so did its third
        ("summary.loss > 1", ["r0", "other"]),
        ("state = failed and summary.loss > 1", []),  # one rank must meet all conditions
        ("rank = 2 or id = other", ["r0", "other"]),
        ("not state = failed", ["r0", "other"]),
        ("group_size = 3", ["r0"]),
        ("state = killed", []),
    ],
)
def test_a_folded_group_is_found_by_any_of_its_ranks(store: Store, text: str, expected: list[str]) -> None:
    groups = [("r0", "ddp", 0), ("r1", "ddp", 1), ("r2", "ddp", 2), ("other", "other", 0)]
    for number, (run, group, rank) in enumerate(groups):
        journal = Journal(id=f"j{run}", run=run, group=group, rank=rank, created=STARTED + number)
        journal.log(0, loss=1.0 if rank == 2 else 2.0).finish("failed" if rank == 2 else "finished")
        with store.write() as connection:
            ingest.commit(connection, store.series, parse(journal.id, 0, journal.data, committed=0), now=STARTED)
    query = RunsQuery(filter=text, sort=[SortKey("created")], columns=["group_size"], fold=True)
    with store.read() as connection:
        page = read_page(connection, query)
    assert [row["id"] for row in page.rows] == expected and page.total == len(expected)
    assert all(row["group_size"] == (3 if row["id"] == "r0" else 1) for row in page.rows)


def test_columns_and_pages(runs_store: Store) -> None:
    columns = ["name", "project", "config.net.depth", "summary.val/loss", "summary.none", "tags", "duration", "sweep"]
    with runs_store.read() as connection:
        page = read_page(connection, RunsQuery("project-1", columns=columns, limit=1, offset=1))
        assert read_page(connection, RunsQuery("other")).total == 0
    assert page.total == 4
    assert page.rows == [
        {
            "id": "r2",
            "name": "a name",
            "project": "project-1",
            "config.net.depth": 2,
            "summary.val/loss": 100.0,
            "summary.none": None,
            "tags": [],
            "duration": 3.0,
            "sweep": None,
        }
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"model.net.lr": 0.5},
        {"model": {"net": {"lr": 0.5}}},
        {"model.net": {"lr": 0.5}},
        {"model": {"net.lr": 1.0}, "model.net": {"lr": 0.5}},
    ],
)
def test_a_value_is_found_however_its_key_is_nested(store: Store, config: dict[str, object]) -> None:
    journal = Journal(id="j", run="r", created=STARTED, config=config)
    with store.write() as connection:
        ingest.commit(connection, store.series, parse(journal.id, 0, journal.data, committed=0), now=STARTED)
    with store.read() as connection:
        page = read_page(connection, RunsQuery(filter="config.model.net.lr = 0.5", columns=["config.model.net.lr"]))
    assert page.rows == [{"id": "r", "config.model.net.lr": 0.5}]


@pytest.mark.parametrize(
    "text", ["colour = red", "config = 3", "tags > 3", "name has x", "rows = many", "created > soon"]
)
def test_invalid_comparisons_are_refused(store: Store, text: str) -> None:
    with store.read() as connection, pytest.raises(UsageError):
        read_page(connection, RunsQuery(filter=text))


def test_an_unknown_column_is_refused(store: Store) -> None:
    with store.read() as connection:
        for wanted in (RunsQuery(columns=["colour"]), RunsQuery(sort=[SortKey("summary.")])):
            with pytest.raises(UsageError, match="there is no column"):
                read_page(connection, wanted)


def test_changes_since_a_cursor(runs_store: Store) -> None:
    now = time.time()
    with runs_store.read() as connection:
        found = read_changes(connection, since=now - 60, now=now)
        assert {(run.id, run.state) for run in found.runs} >= {("r0", "running"), ("r1", "failed")}
        assert (found.cursor, found.sweeps, found.nodes, found.is_cut) == (now, [], [], False)
        assert read_changes(connection, since=now - 60, now=now, projects=frozenset({"other"})).runs == []
        assert read_changes(connection, since=now + 60, now=now).runs == []
