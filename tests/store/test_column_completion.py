"""Columns and values for completing filters, on both databases."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.journal_parts import parse
from lightning_sweeps.store import clock, ingest
from lightning_sweeps.store.column_completion import find_columns, find_values
from lightning_sweeps.store.database import Store
from tests.store.journals import Journal


def send(store: Store, run: str, project: str, config: dict[str, object], **values: object) -> None:
    journal = Journal(id=f"j-{run}", run=run, project=project, config=config).log(1, **values)
    with store.write() as connection:
        part = parse(journal.id, 0, journal.data, committed=0)
        ingest.commit(connection, store.series, part, now=clock.now(connection))


@pytest.fixture
def filled(store: Store) -> Store:
    send(store, "a", "ours", {"opt": {"lr": 0.1, "name": "adam"}, "seed": 1}, **{"val/loss": 1.0})
    send(store, "b", "ours", {"opt": {"lr": 0.1, "name": "sgd"}, "seed": 2}, **{f"k{at}": 1.0 for at in range(300)})
    send(store, "c", "theirs", {"secret": "x"}, hidden=1.0)
    return store


def columns(store: Store, text: str, project: str | None = "ours", projects: frozenset[str] | None = None) -> list[str]:
    with store.read() as connection:
        return find_columns(connection, text, project=project, projects=projects, limit=1000)


def values(store: Store, column: str, text: str = "") -> list[tuple[str | float, int]]:
    with store.read() as connection:
        found = find_values(connection, column, text, project="ours", projects=None, limit=10)
    return [(one.value, one.runs) for one in found]


def test_every_column_is_found_and_the_best_match_comes_first(filled: Store) -> None:
    assert columns(filled, "lr") == ["config.opt.lr"]
    assert columns(filled, "LOSS") == ["summary.val/loss"]
    assert columns(filled, "k29")[0] == "summary.k29"
    assert "summary.k299" in columns(filled, "k299")  # beyond the keys that are in the row of the run
    assert len(columns(filled, "")) == 4 + 300
    assert columns(filled, "hidden") == [] and columns(filled, "hidden", None) == ["summary.hidden"]
    assert columns(filled, "hidden", None, frozenset({"ours"})) == []


def test_new_columns_are_found_as_soon_as_they_are_logged(filled: Store) -> None:
    assert columns(filled, "fresh") == []
    send(filled, "d", "ours", {"fresh": 1}, fresh2=1.0)
    assert columns(filled, "fresh") == ["config.fresh", "summary.fresh2"]


def test_values_come_with_their_numbers_of_runs(filled: Store) -> None:
    assert values(filled, "config.opt.lr") == [(0.1, 2)]
    assert values(filled, "config.opt.name", "AD") == [("adam", 1)]
    assert values(filled, "state") == [("running", 2)]
    assert values(filled, "created") == []
    assert values(filled, "project") == [("ours", 2)]
    with pytest.raises(UsageError, match="no column `nothing`"):
        values(filled, "nothing")
