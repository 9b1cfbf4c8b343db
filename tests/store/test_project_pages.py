"""Pages of projects are edited without losing another's edit, and runs know who created them, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.messages import PinnedView, ProjectEdit, ProjectPage, Report, RunChoice, RunsChange, RunsQuery
from lightning_sweeps.server.journal_parts import Sender, commit, parse
from lightning_sweeps.store import project_pages, run_changes, runs_table
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_pages import renamed_address
from tests.store.journals import Journal
from tests.store.uploads import NOW, get_run, send

VIEW = PinnedView("Best", "/runs?project=project-1&sort=summary.loss")


@pytest.fixture
def known(store: Store) -> Store:
    """The project `project-1` has the run run-1, and `other` has run-2."""
    send(store, Journal())
    send(store, Journal(id="journal-2", run="run-2", project="other"))
    return store


def page(store: Store, name: str = "project-1") -> ProjectPage:
    with store.read() as connection:
        return project_pages.get_page(connection, name)


def edit(store: Store, version: int, *, by: str = "alice", name: str = "project-1", **given: Any) -> ProjectPage:
    with store.write() as connection:
        return project_pages.edit_page(connection, name, ProjectEdit(version, **given), by=by, now=NOW)


def test_a_page_is_empty_until_somebody_edits_it(known: Store) -> None:
    empty = ProjectPage("project-1", "", "", [], [], [], "", 0, None, None)
    assert page(known) == empty
    edited = edit(known, 0, description="# Digits", runs=["run-1", "run-1"], views=[VIEW])
    assert edited == page(known)
    assert edited == replace(
        empty, description="# Digits", runs=["run-1"], views=[VIEW], version=1, edited=NOW, edited_by="alice"
    )
    with_report = edit(known, 1, reports=[Report("Week 1", "# It works")])
    assert with_report.reports == [Report("Week 1", "# It works")] and with_report.views == [VIEW]
    edited = replace(edited, reports=with_report.reports, version=2)
    later = edit(known, 2, notes="seen", columns=["state"], metric="loss", by="bob")
    assert later == replace(edited, notes="seen", columns=["state"], metric="loss", version=3, edited_by="bob")
    assert edit(known, 3, description="", runs=[]).description == ""
    assert page(known, "other").version == 0
    with pytest.raises(NotFound, match="there is no project `none`"):
        page(known, "none")


def test_an_edit_of_an_old_version_is_refused_and_names_the_other_editor(known: Store) -> None:
    edit(known, 0, description="first", by="bob")
    with pytest.raises(
        ServerRefused, match="`bob` has edited the page of the project `project-1` meanwhile"
    ) as refused:
        edit(known, 0, description="second")
    assert refused.value.status == 409
    assert page(known).description == "first"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"description": "x" * 100_001}, "the description has 100001 characters, allowed: 100000"),
        ({"notes": "x" * 100_001}, "the notes has 100001"),
        ({"runs": [str(n) for n in range(101)]}, "there are 101 pinned runs, allowed: 100"),
        ({"views": [VIEW] * 101}, "there are 101 pinned views"),
        ({"columns": ["x"] * 101}, "there are 101 columns"),
        ({"metric": "x" * 601}, "601 characters"),
        ({"views": [PinnedView("x" * 201, "/")]}, "the name of a view"),
        ({"views": [PinnedView(" ", "/")]}, "allowed: a name"),
        ({"views": [PinnedView("x", "/" + "x" * 8_000)]}, "the address of a view has 8001"),
        ({"reports": [Report("r", "x" * 100_001)]}, "the text of a report has 100001"),
        ({"reports": [Report(f"r{n}", "x" * 90_000) for n in range(6)]}, "have 540000 characters together"),
        ({"reports": [Report("r", ""), Report("r", "")]}, "a name that no other report"),
        ({"reports": [Report(" ", "")]}, "a report has the name ` `"),
        ({"reports": [Report(str(n), "") for n in range(51)]}, "there are 51 reports, allowed: 50"),
        *(
            ({"views": [PinnedView("x", address)]}, "an address of the dashboard")
            for address in ("javascript:alert(1)", "//evil", "/\\evil", "https://evil", "", "/a b", "/a\nb", "/\t/evil")
        ),
    ],
)
def test_what_is_too_long_or_no_address_is_refused(known: Store, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        edit(known, 0, **given)
    assert page(known).version == 0


def test_only_runs_of_the_project_are_pinned_and_they_may_leave_it(known: Store) -> None:
    with pytest.raises(NotFound, match="there is no run `run-2` in the project `project-1`"):
        edit(known, 0, runs=["run-1", "run-2"])
    edit(known, 0, runs=["run-1"])
    with known.write() as connection:
        moved = RunsChange(RunChoice(ids=["run-1"]), "move", to_project="other", with_running=True)
        run_changes.change(connection, moved, by="alice", now=NOW)
    assert edit(known, 1, runs=["run-1"], notes="still pinned").runs == ["run-1"]


def test_strange_characters_are_stored(known: Store) -> None:
    edited = edit(
        known, 0, description="a\0b \ud800 é 😀", metric="β/loss", views=[PinnedView("π", "/runs?find=%CF%80")]
    )
    assert edited.description == "a\ufffdb ? é 😀"
    assert (edited.metric, edited.views[0].name) == ("β/loss", "π")


def test_pinned_views_follow_a_rename(known: Store) -> None:
    edit(known, 0, views=[VIEW, PinnedView("Sweep", "/sweeps/s1")])
    with known.write() as connection:
        run_changes.rename_project(connection, "project-1", "new name")
    renamed = page(known, "new name")
    assert [view.address for view in renamed.views] == [
        "/runs?project=new+name&sort=summary.loss",
        "/sweeps/s1",
    ]
    assert renamed.version == 1


@pytest.mark.parametrize(
    ("address", "renamed"),
    [
        ("/runs?project=a%2Bb&find=project%3Dx", "/runs?project=c+d&find=project%3Dx"),
        ("/groups/a%2Bb/a%2Bb?view=Charts", "/groups/c%20d/a%2Bb?view=Charts"),
        ("/projects/a%2Bb", "/projects/c%20d"),
        ("/runs?project=other&columns=a|b", "/runs?project=other&columns=a|b"),
        ("/runs/a%2Bb", "/runs/a%2Bb"),
    ],
)
def test_an_address_gets_another_project(address: str, renamed: str) -> None:
    assert renamed_address(address, "a+b", "c d") == renamed


def test_a_run_knows_who_created_it(store: Store) -> None:
    journal, other = Journal().log(0, loss=1.0), Journal(id="journal-2", rank=1).log(0, loss=1.0)
    for one, name in ((journal, "ci"), (other, "alice")):
        with store.write() as connection:
            part = parse(one.id, 0, one.data, committed=0)
            commit(connection, store.series, part, Sender(name), now=NOW)
    assert get_run(store).created_by == "ci", "the first journal creates the run"
    send(store, Journal(id="journal-3", run="run-3"))
    assert get_run(store, "run-3").created_by is None
    with store.read() as connection:
        asked = RunsQuery(filter="created_by = ci and host = host-1", columns=["created_by"])
        assert runs_table.read_page(connection, asked).rows == [{"id": "run-1", "created_by": "ci"}]
