"""Runs are edited, archived, moved, deleted and restored, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from lightning_sweeps.errors import JournalError, NotFound, UsageError
from lightning_sweeps.messages import RunAction, RunChoice, RunLabels, RunsChange, RunsChanged, RunsQuery
from lightning_sweeps.store import run_changes, runs, schema, trash
from lightning_sweeps.store.blobs import artifacts
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.projects import project_names
from lightning_sweeps.store.runs_table import read_page
from tests.store.journals import Journal
from tests.store.uploads import NOW, get_run, send


@pytest.fixture
def three(store: Store) -> Store:
    """Runs r0 and r1 have ended, r2 is running."""
    for number in range(3):
        journal = Journal(id=f"j{number}", run=f"r{number}", group=f"g{number}").log(0, loss=number).log(1, loss=number)
        if number < 2:
            journal.finish()
        send(store, journal)
    return store


def change(store: Store, action: RunAction, choice: RunChoice | None = None, **options: Any) -> RunsChanged:
    wanted = RunsChange(choice or RunChoice(project="project-1"), action, **options)
    with store.write() as connection:
        return run_changes.change(connection, wanted, by="alice", now=NOW).outcome


def listed(store: Store, shown: Any = "active") -> list[str]:
    with store.read() as connection:
        page = read_page(connection, RunsQuery(shown=shown, columns=["group_size"]))
        found = runs.list_runs(connection, runs.RunFilter(shown=shown))
    assert {row["id"] for row in page.rows} == {run.id for run in found.runs} and page.total == found.total
    return sorted(run.id for run in found.runs)


def row_counts(store: Store) -> dict[str, int]:
    """Return the number of rows of every table with rows."""
    with store.read() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(t)) for name, t in schema.metadata.tables.items()
        }
    return {name: found for name, found in counts.items() if found}


def test_deleted_runs_are_hidden_until_they_are_restored(three: Store) -> None:
    assert change(three, "delete") == RunsChanged(2, 4, 1, ["r0", "r1"])
    assert (listed(three), listed(three, "deleted"), listed(three, "all")) == (["r2"], ["r0", "r1"], ["r0", "r1", "r2"])
    run = get_run(three, "r0")
    assert (run.deleted, run.deleted_by, run.rows) == (NOW, "alice", 2)
    assert change(three, "delete").count == 0, "what is in the trash stays as it is"
    assert change(three, "restore", RunChoice(ids=["r1"])) == RunsChanged(1, 2, 0, ["r1"])
    assert listed(three) == ["r1", "r2"]
    assert change(three, "delete", with_running=True).runs == ["r1", "r2"]
    with three.read() as connection:
        assert project_names(connection) == []


def test_archived_runs_are_hidden_and_can_be_deleted(three: Store) -> None:
    assert change(three, "archive", RunChoice(filter="id = r0")).count == 1
    assert (listed(three), listed(three, "archived")) == (["r1", "r2"], ["r0"])
    assert change(three, "delete", RunChoice(ids=["r0"])).count == 1
    assert (listed(three, "archived"), listed(three, "deleted")) == ([], ["r0"])
    assert change(three, "restore", RunChoice(ids=["r0"])).count == 1
    assert change(three, "unarchive", RunChoice(ids=["r0"])).count == 1
    assert listed(three) == ["r0", "r1", "r2"]


def test_runs_move_to_another_project(three: Store) -> None:
    assert change(three, "move", RunChoice(group="g1"), to_project="other").runs == ["r1"]
    assert get_run(three, "r1").project == "other"
    send(three, Journal(id="j1b", run="r1", group="g1", attempt=1).log(2, loss=5.0))
    assert (get_run(three, "r1").project, get_run(three, "r1").rows) == ("other", 3), "an attempt moves nothing back"


def test_the_runs_of_a_group_get_one_name_and_keep_their_ranks(store: Store) -> None:
    for rank in range(3):
        journal = Journal(id=f"j{rank}", run=f"r{rank}", group="ddp", rank=rank).log(0, loss=1.0)
        send(store, journal if rank else journal.finish())
        change(store, "rename", RunChoice(ids=[f"r{rank}"]), to_name=f"first-rank{rank}")
    send(store, Journal(id="j-other", run="other").log(0, loss=1.0))
    ddp = RunChoice(group="ddp")
    assert change(store, "rename", ddp, to_name="best", is_preview=True).count == 3
    assert get_run(store, "r0").name == "first-rank0"
    assert change(store, "rename", ddp, to_name="best").count == 3, "running runs too"
    names = [get_run(store, run_id).name for run_id in ("r0", "r1", "r2", "other")]
    assert names == ["best-rank0", "best-rank1", "best-rank2", "a name"]
    with pytest.raises(UsageError, match="the name of the run is"):
        change(store, "rename", ddp, to_name="a" * 510)


def test_a_preview_changes_nothing(three: Store) -> None:
    assert change(three, "delete", is_preview=True) == RunsChanged(2, 4, 1, ["r0", "r1"])
    assert listed(three, "deleted") == []


def test_a_run_in_the_trash_keeps_receiving_rows(three: Store) -> None:
    change(three, "delete", RunChoice(ids=["r2"]), with_running=True)
    journal = Journal(id="j2", run="r2", group="g2").log(0, loss=2).log(1, loss=2).log(2, loss=9).finish()
    send(three, journal)
    change(three, "restore", RunChoice(ids=["r2"]))
    run = get_run(three, "r2")
    assert (run.rows, run.state, run.summary) == (3, "finished", {"loss": 9})


def test_nothing_is_left_of_a_run_that_is_deleted_for_good(store: Store) -> None:
    send(store, Journal(id="other", run="other").log(0, loss=1.0).finish())
    node = Journal(id="node", node="node-1")
    send(store, node)
    before = row_counts(store)
    full = Journal(id="j0", run="r0", config={"lr": 1})
    full.log(0, loss=1.0, text="word", long=[1, 2]).say("hello").show("image", b"pixels").keep("data", {"a": b"1"})
    full.set_summary(best=1.0).finish("failed")
    send(store, full)
    send(store, node.sample("r0", cpu=2.0), node.ends[-2])
    send(store, Journal(id="j0b", run="r0", rank=1).log(0, loss=2.0).finish())
    assert row_counts(store)["artifact"] == 1
    assert trash.delete_runs(store, ["r0"], now=NOW) == 0, "it is not in the trash"
    change(store, "delete", RunChoice(ids=["r0"]))
    assert trash.delete_runs(store, ["r0", "other"], now=NOW) == 1
    assert trash.delete_runs(store, ["r0", "other"], now=NOW) == 0
    after = row_counts(store)
    assert after.pop("deleted_run") == 1
    assert after == before
    with pytest.raises(JournalError, match="the run `r0` was deleted by `alice`"):
        send(store, Journal(id="late", run="r0").log(0, loss=3.0))


def test_an_artifact_that_another_run_uses_stays(store: Store) -> None:
    for run in ("r0", "r1"):
        send(store, Journal(id=f"j{run}", run=run).keep("data", {"a": b"1"}, role="output").finish())
    for run, left in (("r0", 1), ("r1", 0)):
        change(store, "delete", RunChoice(ids=[run]))
        assert trash.delete_runs(store, [run], now=NOW) == 1
        with store.read() as connection:
            assert len(artifacts.list_artifacts(connection)) == left


def test_the_runs_that_are_due_come_first(three: Store) -> None:
    change(three, "delete", with_running=True)
    with three.read() as connection:
        assert trash.due(connection, before=NOW, limit=9) == []
        assert trash.due(connection, before=NOW + 1, limit=2) == ["r0", "r1"]
        assert trash.count(connection) == (3, 6, NOW)


def test_labels_of_a_run_can_be_changed(three: Store) -> None:
    labels = RunLabels(
        tags=["good", " good ", "slow"], notes="looks well", name="baseline", config={"net": {"depth": 3}}
    )
    with three.write() as connection:
        run = run_changes.edit(connection, "r1", labels)
        assert (run.tags, run.notes, run.name) == (["good", "slow"], "looks well", "baseline")
        assert run.config == {"net": {"depth": 3}}
        run = run_changes.edit(connection, "r1", RunLabels(tags=[], config={"net": {"width": 4}}))
        assert (run.tags, run.notes, run.config) == ([], "looks well", {"net": {"depth": 3, "width": 4}})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (RunLabels(tags=["x" * 201]), "100 tags"),
        (RunLabels(notes="x" * 20_001), "20001 characters"),
        (RunLabels(name=" "), "the name of the run"),
        (RunLabels(name="x" * 513), "1 to 512 characters"),
    ],
    ids=["tag", "notes", "blank", "long"],
)
def test_labels_that_are_not_allowed(three: Store, labels: RunLabels, message: str) -> None:
    with three.write() as connection, pytest.raises(UsageError, match=message):
        run_changes.edit(connection, "r1", labels)


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (RunsChange(RunChoice(), "delete"), UsageError, "no runs are chosen"),
        (RunsChange(RunChoice(ids=["r0", "unknown"]), "delete"), NotFound, "no run `unknown`"),
        (RunsChange(RunChoice(filter="nothing = 1"), "delete"), UsageError, "no column `nothing`"),
        (RunsChange(RunChoice(ids=["r0"]), "move"), UsageError, "`to_project`"),
        (RunsChange(RunChoice(ids=["r0"]), "move", "a/b"), UsageError, "the project is named `a/b`"),
        (RunsChange(RunChoice(ids=["r0"]), "delete", "other"), UsageError, "`to_project`"),
        (RunsChange(RunChoice(ids=["r0"]), "rename"), UsageError, "`to_name`"),
        (RunsChange(RunChoice(ids=["r0"]), "delete", to_name="other"), UsageError, "`to_name`"),
        (RunsChange(RunChoice(ids=["r0"]), "rename", to_name=" "), UsageError, "the name of the run is ` `"),
    ],
    ids=["nothing", "unknown", "filter", "no-project", "path", "project", "no-name", "name", "blank"],
)
def test_changes_that_are_not_allowed(three: Store, wanted: RunsChange, error: type[Exception], message: str) -> None:
    with three.write() as connection, pytest.raises(error, match=message):
        run_changes.change(connection, wanted, by="alice", now=NOW)
    assert listed(three) == ["r0", "r1", "r2"]


def test_a_key_of_one_project_changes_no_other_runs(three: Store) -> None:
    change(three, "move", RunChoice(ids=["r0"]), to_project="other")
    with three.write() as connection:
        wanted = RunsChange(RunChoice(filter="rows > 0"), "delete", with_running=True)
        limited = frozenset({"other"})
        done = run_changes.change(connection, wanted, by="alice", now=NOW, projects=limited)
        assert done.outcome.runs == ["r0"]
        with pytest.raises(NotFound):
            wanted = RunsChange(RunChoice(ids=["r1"]), "delete")
            run_changes.change(connection, wanted, by="alice", now=NOW, projects=limited)


def test_a_project_gets_another_name(three: Store) -> None:
    change(three, "move", RunChoice(ids=["r0"]), to_project="other")
    with three.write() as connection:
        run_changes.rename_project(connection, "project-1", "vision")
        assert project_names(connection) == ["other", "vision"]
        with pytest.raises(UsageError, match="there is a project `vision` already"):
            run_changes.rename_project(connection, "other", "vision")
        with pytest.raises(NotFound):
            run_changes.rename_project(connection, "unknown", "new")
    assert get_run(three, "r1").project == "vision"
