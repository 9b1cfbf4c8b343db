"""`delete`, `restore`, `archive`, `move` and `rename`, with a real server and real programs that log."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from tests.cli.test_cli import assert_message, command
from tests.engine.driver import GRID
from tests.servers import running_server, wait_until
from tests.service.services import running_service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    home = tmp_path_factory.mktemp("data") / "home"
    with running_server(home) as (client, _), running_service(home):
        yield home, client


def log(home: Path, client: Client, project: str, *, runs: int = 1) -> list[str]:
    """Log runs of 2 rows to a project, and return their ids when the server has them."""
    code = f"""
import lightning_sweeps as ls
for number in range({runs}):
    run = ls.init({project!r}, name=f"run {{number}}", config={{"number": number}})
    run.log({{"loss": 1.0}})
    run.log({{"loss": 2.0}})
    run.finish()
    print(run.id)
"""
    program = [sys.executable, "-c", code]
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    done = subprocess.run(program, env=variables, capture_output=True, text=True, check=True)
    ids = done.stdout.split()
    wait_until(lambda: all(is_finished(client, run_id) for run_id in ids), what="the runs")
    return ids


def is_finished(client: Client, run_id: str) -> bool:
    found = [run for run in client.runs(shown="all", limit=1000).runs if run.id == run_id]
    return [(run.state, run.rows) for run in found] == [("finished", 2)]


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_deleted_run_comes_back_or_is_gone_for_good(served: tuple[Path, Client]) -> None:
    home, client = served
    first, second = log(home, client, "trash", runs=2)
    where = ["--project", "trash", "--filter", "config.number >= 0"]
    planned = said(command(home, "delete", *where, "--dry-run"))
    assert planned == "Would do: Move 2 runs with 4 rows to the trash, where the server keeps them for 7 days\n"
    assert_message(command(home, "delete", *where), 2, "no terminal to ask on", "`--yes`")
    assert said(command(home, "delete", *where, "--yes")) == "Moved 2 runs to the trash.\n"
    assert client.runs(project="trash").total == 0
    listed = said(command(home, "runs", "--deleted"))
    assert first in listed and second in listed
    assert said(command(home, "restore", first)) == "1 run restored.\n"
    assert [run.id for run in client.runs(project="trash").runs] == [first]
    assert "Delete 1 run with 2 rows and 0 sweeps for good" in said(
        command(home, "delete", "--empty-trash", "--dry-run")
    )
    assert "Deleted 1 run and 0 sweeps for good" in said(command(home, "delete", "--empty-trash", "--yes"))
    assert said(command(home, "delete", "--empty-trash")) == "The trash is empty.\n"
    assert [run.id for run in client.runs(shown="all", project="trash").runs] == [first]
    again = f"import lightning_sweeps as ls; ls.init('trash', id={second!r}).log({{'loss': 3.0}})"
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    subprocess.run([sys.executable, "-c", again], env=variables, check=True)
    wait_until(lambda: bool(client.rejected().journals), what="the rejected journal")
    (rejected,) = client.rejected().journals
    assert f"the run `{second}` was deleted by `" in rejected.reason
    assert Path(rejected.path).exists()


def test_a_question_on_a_terminal(served: tuple[Path, Client]) -> None:
    home, client = served
    (run_id,) = log(home, client, "asked")
    controller, terminal = pty.openpty()
    words = [sys.executable, "-m", "lightning_sweeps.cli", "delete", run_id]
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    with subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, env=variables) as process:
        os.close(terminal)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(controller, 1024)
        os.write(controller, b"n\n")
    os.close(controller)
    assert process.returncode == 0
    assert client.run(run_id).deleted is None


def test_a_run_that_is_running_stays(served: tuple[Path, Client]) -> None:
    home, client = served
    code = "import lightning_sweeps as ls; r = ls.init('live'); r.log({'x': 1}); print(r.id, flush=True); input()"
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    program = [sys.executable, "-c", code]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables) as process:
        assert process.stdout is not None
        run_id = process.stdout.readline().decode().strip()
        wait_until(lambda: client.runs(project="live").total == 1, what="the run")
        kept = said(command(home, "delete", run_id, "--yes"))
        assert kept == "1 run of them is running: left as it is.\nNo run to change.\n"
        assert "Moved 1 run to the trash" in said(command(home, "delete", run_id, "--running", "--yes"))
        process.communicate(b"\n")
    wait_until(lambda: client.run(run_id).state == "finished", what="its end, although it is in the trash")


def test_archive_move_and_rename(served: tuple[Path, Client]) -> None:
    home, client = served
    first, second = log(home, client, "old", runs=2)
    assert said(command(home, "archive", first, "--yes")) == "1 run moved to the archive.\n"
    assert [run.id for run in client.runs(project="old").runs] == [second]
    assert first in said(command(home, "runs", "--archived"))
    assert said(command(home, "archive", "--undo", first)) == "1 run taken out of the archive.\n"
    assert said(command(home, "move", first, "--to", "{new}", "--yes")) == "1 run moved to {new}.\n"
    assert client.run(first).project == "{new}"
    assert said(command(home, "rename", first, "the best")) == f"The run {first} is now named the best.\n"
    assert client.run(first).name == "the best"
    group = client.run(second).group
    assert (
        said(command(home, "rename", "--group", group, "fine"))
        == f"The group {group} is now named fine. Its runs: 1.\n"
    )
    assert client.run(second).name == "fine"
    assert_message(command(home, "rename", "--group", "none", "fine"), 1, "there is no group `none`")
    assert said(command(home, "rename", "--project", "old", "older")) == "The project old is now older.\n"
    assert client.run(second).project == "older"
    assert_message(command(home, "rename", "--project", "older", "{new}"), 1, "there is a project `{new}` already")


def test_the_page_of_a_project_is_written_and_shown(served: tuple[Path, Client], tmp_path: Path) -> None:
    home, client = served
    log(home, client, "described")
    assert "Nobody has written" in said(command(home, "project", "described"))
    text = tmp_path / "about.md"
    text.write_text("# About\n")
    edited = said(command(home, "project", "described", "--describe", str(text), "--metric", "loss"))
    assert edited == "# About\n\nMetric: loss\n" == said(command(home, "project", "described"))
    assert_message(command(home, "project", "described", "--notes", str(tmp_path / "none")), 2, "cannot be read")
    listed = said(command(home, "runs", "--project", "described", "--json"))
    (run,) = client.runs(project="described").runs
    assert run.created_by and run.created_by in listed and run.created_by.startswith(f"{run.user}@")


@pytest.mark.parametrize("name", ["delete", "restore", "archive"])
def test_nothing_is_chosen_by_default(served: tuple[Path, Client], name: str) -> None:
    home, _ = served
    assert_message(command(home, name), 2, "no runs are given", "`--filter`")
    assert_message(command(home, name, "unknown"), 1, "there is no run `unknown`")


def test_a_sweep_is_deleted_with_its_runs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_server(home) as (client, _):
        sweep_id = client.create_sweep(m.SweepCreate(GRID, project="tests")).id
        assert_message(command(home, "delete", "--sweep", sweep_id, "--yes"), 1, "is running", "--cancel")
        client.set_sweep_state(sweep_id, "cancelled")
        assert f"Moved the sweep {sweep_id} to the trash" in said(command(home, "delete", "--sweep", sweep_id, "--yes"))
        assert (client.sweeps(), [sweep.id for sweep in client.sweeps(deleted=True)]) == ([], [sweep_id])
        assert "and its runs are back" in said(command(home, "restore", "--sweep", sweep_id))
        assert [sweep.id for sweep in client.sweeps()] == [sweep_id]
        client.delete_sweep(sweep_id)
        assert client.trash().sweeps == 1
        assert client.empty_trash() == m.TrashEmptied(0, 1, 0)
        assert client.projects() == []
    assert Home(home).server_database.exists()
