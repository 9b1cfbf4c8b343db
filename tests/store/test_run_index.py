"""The index of runs in memory: it follows every change, and answers as a plain evaluation of the rows would."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsQuery, SortKey
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store, open_store
from lightning_sweeps.store.run_index.categories import FEW, Categories
from lightning_sweeps.store.run_index.changed_runs import CLOCK_STEP_S
from lightning_sweeps.store.run_index.index import index_of
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn
from lightning_sweeps.store.run_index.ordering import after, first
from lightning_sweeps.store.runs_table import read_page

_run = schema.run
STATES = ("running", "finished", "failed", "killed")
MODELS = ("vit", "ResNet", "3", "mlp é", 7, 0.5, True, None)


def row_of(random: Random, number: int, project: str) -> dict[str, Any]:
    """Return a run as a row of the table."""
    config = {"lr": 10 ** random.uniform(-5, -1), "model": random.choice(MODELS), "net": {"depth": random.randrange(4)}}
    return {
        "id": f"r{number}",
        "project_id": project,
        "name": f"run {random.randrange(50)}",
        "group": f"g{number // 3}",
        "rank": number % 3,
        "world_size": 3,
        "attempt": 0,
        "mode": "grouped",
        "job_type": "",
        "reason": "",
        "state": random.choice(STATES),
        "host": "h",
        "node_id": "n",
        "config": config,
        "notes": "",
        "user": "u",
        "summary": {},
        "logged": {"loss": random.choice((random.random(), "nan", 3))},
        "rows": random.randrange(9),
        "created": float(random.randrange(20)),
        "updated": 30.0,
        "ended": None,
        "command": [],
        "gpus": [],
        "tags": random.sample(["a", "b", "c"], random.randrange(3)),
        "local_rank": 0,
        "node_rank": 0,
    }


@pytest.fixture
def filled(store: Store) -> Store:
    random = Random(1)
    with store.write() as connection:
        projects = [{"id": name, "name": name, "created": 0.0} for name in ("p", "q")]
        connection.execute(insert(schema.project), projects)
        connection.execute(insert(_run), [row_of(random, number, random.choice("pq")) for number in range(60)])
    return store


QUERIES = (
    RunsQuery("p", columns=["state", "project"]),
    RunsQuery("p", sort=[SortKey("summary.loss"), SortKey("name", True)], limit=7, offset=3),
    RunsQuery(filter="config.lr < 1e-3 or config.model in (vit, 3, true, null)", sort=[SortKey("config.model")]),
    RunsQuery(filter="not tags has a and state != failed", sort=[SortKey("project"), SortKey("rows", True)]),
    RunsQuery(filter="summary.loss = nan or name ~ 'RUN 1'", shown="all", limit=5),
    RunsQuery("q", fold=True, columns=["group_size", "group_state"], sort=[SortKey("group_size", True)]),
    RunsQuery(filter="group_state = failed and config.net.depth > 1", fold=True, shown="deleted"),
)


def answers(store: Store) -> list[Any]:
    with store.read() as connection:
        return [read_page(connection, query) for query in QUERIES]


def change_something(store: Store, random: Random, number: int) -> None:
    """Change, add, move or delete runs, as requests do."""
    chosen = _run.c.id == f"r{random.randrange(60)}"
    changes: list[dict[str, Any]] = [
        {"state": random.choice(STATES), "logged": {"loss": random.random()}},
        {"project_id": random.choice("pq")},
        {"deleted": random.choice((None, 5.0))},
        {"archived": random.choice((None, 5.0)), "name": f"run {random.randrange(99)}"},
        {"config": {"model": f"new {number}"}, "tags": ["a", "d"]},
    ]
    with store.write() as connection:
        if number % 6 == 5:
            connection.execute(insert(_run).values(**row_of(random, 100 + number, "p")))
        elif number % 6 == 4:
            found = connection.scalar(select(_run.c.id).where(chosen))
            if found is not None:
                connection.execute(delete(_run).where(_run.c.id == found))
                gone = {"id": found, "time": store.now(), "key_name": ""}
                connection.execute(insert(schema.deleted_run).values(**gone))
        else:
            connection.execute(update(_run).where(chosen).values(**random.choice(changes)))


def test_the_index_follows_every_change(filled: Store) -> None:
    random = Random(2)
    for number in range(40):
        change_something(filled, random, number)
        fresh = open_store(filled.engine.url.render_as_string(hide_password=False))
        assert answers(filled) == answers(fresh)
        fresh.close()


def pages(store: Store, query: RunsQuery, between: Callable[[int], None] = lambda _: None) -> list[str]:
    """Return the ids of all pages of a query. Something may happen between two pages."""
    found: list[str] = []
    following: RunsQuery | None = query
    while following is not None:
        with store.read() as connection:
            page = read_page(connection, following)
        assert len(page.rows) <= query.limit
        found += [row["id"] for row in page.rows]
        following = None if page.next_page is None else replace(following, offset=0, cursor=page.next_page)
        between(len(found))
    return found


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_are_the_whole_list_in_parts(filled: Store, query: RunsQuery, limit: int) -> None:
    with filled.read() as connection:
        whole = read_page(connection, replace(query, limit=1000))
    assert whole.next_page is None
    assert pages(filled, replace(query, limit=limit)) == [row["id"] for row in whole.rows]


@pytest.mark.parametrize("sort", [[], [SortKey("name")], [SortKey("config.model", True)], [SortKey("summary.loss")]])
def test_each_run_is_on_one_page_while_others_arrive(filled: Store, sort: list[SortKey]) -> None:
    random = Random(3)

    def add(number: int) -> None:
        with filled.write() as connection:
            created = {"created": 25.0 + number, "config": {"model": f"new {number}"}}
            connection.execute(insert(_run).values(**row_of(random, 1000 + number, "p") | created))

    before = {f"r{number}" for number in range(60)}
    found = pages(filled, RunsQuery(sort=sort, limit=7), add)
    assert len(found) == len(set(found)) and before <= set(found)
    if not sort:
        assert set(found) == before  # those that arrive are newer than the first page


@pytest.mark.parametrize("cursor", ["", "x", "é", "e30=", "W10="])
def test_what_is_no_cursor_is_refused(filled: Store, cursor: str) -> None:
    with filled.read() as connection:
        with pytest.raises(UsageError, match="`cursor` is"):
            read_page(connection, RunsQuery(cursor=cursor))
        of_another = read_page(connection, RunsQuery(sort=[SortKey("name")], limit=1)).next_page
        with pytest.raises(UsageError, match="with the same `sort`"):
            read_page(connection, RunsQuery(cursor=of_another))


def test_a_transaction_sees_its_own_state(filled: Store) -> None:
    with filled.read() as earlier:
        before = read_page(earlier, QUERIES[0])
        with filled.write() as connection:
            connection.execute(update(_run).values(state="killed"))
        with filled.read() as later:
            assert {row["state"] for row in read_page(later, QUERIES[0]).rows} == {"killed"}
        assert read_page(earlier, QUERIES[0]) == before
        with filled.read() as later:
            assert {row["state"] for row in read_page(later, QUERIES[0]).rows} == {"killed"}


def test_a_clock_that_was_set_back_hides_no_change(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(filled)
    now = filled.now()
    monkeypatch.setattr(filled.clock, "now", lambda: now - 3600 * CLOCK_STEP_S)
    with filled.write() as connection:
        connection.execute(update(_run).values(state="killed"))
    with filled.read() as connection:
        assert read_page(connection, RunsQuery(filter="state = killed")).total == 60


def test_a_column_is_loaded_for_the_projects_that_ask(filled: Store) -> None:
    with filled.read() as connection, index_of(connection).current(connection, ["config.lr"], projects={"p"}) as runs:
        is_of_p = runs.in_projects({"p"})
        assert np.array_equal(~np.isnan(runs.column("config.lr", {}).numbers), is_of_p)
    with filled.read() as connection, index_of(connection).current(connection, ["config.lr"]) as runs:
        assert not np.isnan(runs.column("config.lr", {}).numbers).any()


numbers = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


@given(st.data(), numbers, st.integers(0, 40))
def test_the_first_of_an_order_are_those_of_sorting_all(data: st.DataObject, values: list[float], count: int) -> None:
    second = data.draw(st.permutations(range(len(values))))
    keys = [np.array(values), np.array(second, np.float64)]
    expected = sorted(range(len(values)), key=lambda place: (values[place], second[place]))[:count]
    assert first(np.arange(len(values)), keys, count).tolist() == expected


@given(st.data(), numbers)
def test_what_comes_after_a_place_is_the_rest_of_the_order(data: st.DataObject, values: list[float]) -> None:
    second = data.draw(st.permutations(range(len(values))))
    keys = [np.array(values), np.array(second, np.float64)]
    ordered = sorted(range(len(values)), key=lambda place: (values[place], second[place]))
    at = data.draw(st.integers(0, len(values) - 1))
    place = [key[ordered[at]] for key in keys]
    assert first(after(np.arange(len(values)), keys, place), keys, 99).tolist() == ordered[at + 1 :]


texts = st.lists(st.text(max_size=4), max_size=2 * FEW)


@given(texts, texts)
def test_categories_know_the_order_of_their_texts(some: list[str], more: list[str]) -> None:
    categories = Categories()
    for added in (some, more):
        for text in added:
            assert categories.texts[categories.add(text)] == text
        ranks = categories.ranks()
        assert [categories.texts[code] for code in np.argsort(ranks)] == sorted(set(categories.texts))
        for text in (*some, *more):
            is_below = [known < text for known in categories.texts]
            assert np.array_equal(ranks < categories.rank(text), is_below)


values = st.lists(
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["a", "B", "0.5", "3"])
)


@given(values, st.sampled_from(["a", "b", "0.5", "3", "1e+300", ""]))
def test_numbers_and_texts_are_found_as_text(values: list[float | str | None], wanted: str) -> None:
    column = LoadedColumn(None)
    column.grow(len(values))
    is_number = [isinstance(value, float) for value in values]
    given_numbers = [value if isinstance(value, float) else None for value in values]
    given_texts = [value if isinstance(value, str) else None for value in values]
    column.put(np.arange(len(values)), given_numbers, given_texts)

    def text(value: float | str | None) -> str | None:
        if not isinstance(value, float):
            return value
        return str(int(value)) if value.is_integer() and abs(value) <= 2.0**53 else repr(value)

    def expected(test: Callable[[str], bool]) -> list[bool]:
        return [found is not None and test(found) for found in map(text, values)]

    assert column.equals_text(wanted).tolist() == expected(lambda found: found == wanted)
    assert column.contains_text(wanted).tolist() == expected(lambda found: wanted.lower() in found.lower())
    assert column.test_texts(lambda found: found < wanted).tolist() == expected(lambda found: found < wanted)
    assert column.is_missing().tolist() == [value is None for value in values]
    assert np.isnan(column.numbers).tolist() == [not flag for flag in is_number]
    (*keys,) = (key.tolist() for key in column.keys(is_descending=False))
    order = sorted(range(len(values)), key=lambda place: tuple(key[place] for key in keys))
    kinds = [2 if values[place] is None else 1 - is_number[place] for place in order]
    assert kinds == sorted(kinds) and not any(math.isnan(value) for key in keys for value in key)
