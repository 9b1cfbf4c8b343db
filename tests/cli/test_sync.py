"""`lightning-sweeps sync`: offline runs and copied folders are uploaded once, even if it is repeated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from tests.cli.test_cli import command
from tests.servers import running_server

ROWS = 300


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile]]:
    """A server on another machine. Each test logs to a separate project."""
    with running_server(tmp_path_factory.mktemp("remote") / "home") as running:
        yield running


@pytest.fixture
def client(remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of that server. The commands of a test use the same server."""
    client, described = remote
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", described.url)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", described.token)
    return client


def log_offline(home: Path, end: str = "", *, project: str = "p") -> None:
    log = f"for i in range({ROWS}): run.log({{'x': i}})"
    code = f"import os, lightning_sweeps as ls\nrun = ls.init('{project}')\n{log}\n{end}"
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_MODE": "offline"}
    subprocess.run([sys.executable, "-c", code], env=variables, check=False)


def values(client: Client, *, project: str = "p") -> list[object]:
    (run,) = client.runs(project=project).runs
    return [point.value for point in client.points(run.id, "x")]


def test_an_offline_run_is_uploaded_once_even_if_sync_is_repeated(home: Path) -> None:
    log_offline(home)
    (path,) = Home(home).offline.glob("*.journal")
    with running_server(home) as (client, _):
        first = command(home, "sync")
        assert "1 of 1 journals are on the server" in first.stdout
        assert "with 0 new records" in command(home, "sync").stdout
        assert values(client) == list(range(ROWS))
        assert client.runs(project="p").runs[0].state == "finished"
        assert path.exists(), "no journal is deleted without --clean"
        assert command(home, "sync", "--clean").returncode == 0
        assert not path.exists()


def test_a_killed_offline_run_is_closed(home: Path, client: Client) -> None:
    log_offline(home, "os.kill(os.getpid(), 9)", project="killed")
    command(home, "sync")
    (run,) = client.runs(project="killed").runs
    assert (run.state, run.rows) == ("killed", ROWS)
    assert "its exit status is unknown" in run.reason


def test_the_complete_records_of_a_torn_file_in_a_copied_folder_are_uploaded(
    home: Path, tmp_path: Path, client: Client
) -> None:
    log_offline(tmp_path / "other", project="torn")
    copied = tmp_path / "copied"
    shutil.copytree(tmp_path / "other" / "offline", copied)
    (path,) = copied.glob("*.journal")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    done = command(home, "sync", str(copied))
    assert done.returncode in (0, 1)
    part = values(client, project="torn")
    assert part == list(range(len(part)))
    assert 0 < len(part) < ROWS
    shutil.copy(next((tmp_path / "other" / "offline").glob("*.journal")), path)
    command(home, "sync", str(copied))
    assert values(client, project="torn")[: len(part)] == part


def test_a_live_run_is_left_open(home: Path, client: Client) -> None:
    code = (
        "import lightning_sweeps as ls, sys\nls.init('live').log({'x': 0})\nprint('up', flush=True)\nsys.stdin.read()"
    )
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    program = subprocess.Popen(
        [sys.executable, "-c", code], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"up\n"
    command(home, "sync")
    assert client.runs(project="live").runs[0].state == "running"
    program.communicate(b"")
    command(home, "sync")
    assert client.runs(project="live").runs[0].state == "finished"


def test_a_damaged_header_is_reported(home: Path, tmp_path: Path, client: Client) -> None:
    log_offline(tmp_path / "other")
    (path,) = (tmp_path / "other" / "offline").glob("*.journal")
    data = bytearray(path.read_bytes())
    data[20] ^= 0xFF
    path.write_bytes(data)
    done = command(home, "sync", str(path.parent))
    assert done.returncode == 1
    assert "the header of" in done.stderr and "is damaged" in done.stderr
    assert "0 of 1 journals" in done.stdout


@pytest.mark.parametrize("words", [["sync", "nowhere"]])
def test_a_folder_that_does_not_exist(home: Path, words: list[str]) -> None:
    done = command(home, *words)
    assert done.returncode == 2
    assert "`nowhere` is not a folder" in done.stderr


def test_nothing_to_upload(home: Path) -> None:
    assert "No journals" in command(home, "sync").stdout


# copies of journals

COPIED = 4000
LOG_SLOWLY = f"""
import sys, lightning_sweeps as ls
run = ls.init(sys.argv[1])
for i in range({COPIED}):
    run.log({{"x": i}})
    if i % 1000 == 999:
        print(i, flush=True)
        sys.stdin.readline()
"""


@pytest.mark.parametrize("machine", ["another", "same"])
def test_copies_of_a_journal_that_grows_are_uploaded_without_losing_a_row(
    home: Path, tmp_path: Path, client: Client, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, folder = f"copied-{machine}", tmp_path / "copy"
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_MODE": "offline"}
    program = subprocess.Popen(
        [sys.executable, "-c", LOG_SLOWLY, project], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert program.stdin is not None and program.stdout is not None
    if machine == "another":
        monkeypatch.setenv("LIGHTNING_SWEEPS_NODE", "laptop")
    for number in range(3):
        program.stdout.readline()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(home / "offline", folder)
        if machine == "another":
            os.utime(next(folder.glob("*.journal")), (1, 1))
            assert command(home, "sync", str(folder)).returncode == 0
            (run,) = client.runs(project=project).runs
            assert (run.state, run.rows) == ("lost", 1000 * (number + 1))
        program.stdin.write(b"\n")
        program.stdin.flush()
    program.communicate(b"\n")
    if machine == "same":  # an older copy of a program that is dead now, then the whole journal
        command(home, "sync", str(folder))
        assert client.runs(project=project).runs[0].state == "killed"
    old = tmp_path / "old"
    shutil.move(folder, old)
    shutil.copytree(home / "offline", folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = command(home, "sync", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert values(client, project=project) == list(range(COPIED))
    (run,) = client.runs(project=project).runs
    assert (run.state, run.rows) == ("finished", COPIED)
    assert command(home, "sync", str(old)).returncode == 0, "an older copy changes nothing"
    assert client.run(run.id).state == "finished"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
