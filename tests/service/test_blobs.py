"""Blobs are uploaded after their rows, and other machines download them from the server."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.api.query import Api
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import BlobFolder, Home
from lightning_sweeps.core.settings import environment
from tests.cli.test_cli import command
from tests.servers import running_server, wait_until
from tests.service.services import journal_files, run_program, running_service, start_service

LOG = """
run = ls.init('p', mode='single')
run.log({'x': 1.0}, step=0)
for number in range(3): run.log_media('img', b'picture %d' % number, mime='image/png', step=number)
big = os.urandom(SIZE)
run.log_media('big', big, mime='application/octet-stream')
ls.finish()
"""
FILES = 4
LOG_FOREVER = """
import time
run = ls.init('p', mode='single')
for number in range(10**6):
    run.log_media('img', os.urandom(20_000), mime='image/png', step=number)
    run.log({'x': number})
    time.sleep(0.005)
"""


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[tuple[Client, ServerFile]]:
    """A server with a different home folder than the programs, as on another machine."""
    with running_server(tmp_path / "far") as server:
        yield server


def of_server(server: ServerFile, **more: str) -> dict[str, str]:
    return {"LIGHTNING_SWEEPS_URL": server.url, "LIGHTNING_SWEEPS_API_KEY": server.token, **more}


def log(home: Path, monkeypatch: pytest.MonkeyPatch, *, mode: str = "online", size: int = 1000) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", mode)
    monkeypatch.setenv("LIGHTNING_SWEEPS_SERVICE", "off")
    assert run_program(home, LOG.replace("SIZE", str(size))).wait(60) == 0
    monkeypatch.delenv("LIGHTNING_SWEEPS_MODE")


def stored(client: Client) -> int:
    """Return how many files of the run the server has, and check their contents."""
    runs = client.runs(project="p").runs
    entries = client.media(runs[0].id) if runs else []
    whole = [entry for entry in entries if entry.is_stored]
    for entry in whole:
        assert hashlib.sha256(b"".join(client.blob(entry.digest))).hexdigest() == entry.digest
    return len(whole)


def test_blobs_are_uploaded_after_their_rows_and_before_the_journal_is_deleted(
    home: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    log(home, monkeypatch)
    with running_service(home, **of_server(server)):
        wait_until(lambda: stored(client) == FILES, what="all files on the server")
        wait_until(lambda: len(journal_files(home)) == 1, what="the end of the program's journal")  # the node's stays
    assert len([path for path in Home(home).media.rglob("*") if path.is_file()]) == FILES, "the local copies are kept"


def test_old_local_copies_that_the_server_has_are_deleted(
    home: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    unknown = Home(home).blob(hashlib.sha256(b"no row refers to it").hexdigest())
    unknown.parent.mkdir(parents=True)
    unknown.write_bytes(b"no row refers to it")
    log(home, monkeypatch)
    with running_service(home, **of_server(server, LIGHTNING_SWEEPS_MEDIA_DAYS="1e-9")):
        left = [unknown]
        wait_until(
            lambda: [path for path in Home(home).media.rglob("*") if path.is_file()] == left,
            what="the deletion of the others",
        )
    assert stored(client) == FILES


@pytest.mark.fault
def test_files_of_a_killed_program_are_uploaded_completely(
    home: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    monkeypatch.setenv("LIGHTNING_SWEEPS_SERVICE", "off")
    program = run_program(home, LOG_FOREVER)
    wait_until(lambda: len([path for path in Home(home).media.rglob("*") if path.is_file()]) > 20, what="some files")
    os.kill(program.pid, signal.SIGKILL)
    program.wait(60)

    def is_whole() -> bool:
        runs = client.runs(project="p").runs
        entries = client.media(runs[0].id) if runs and runs[0].state == "killed" else []
        return bool(entries) and all(entry.is_stored for entry in entries)

    with running_service(home, **of_server(server)):
        wait_until(is_whole, what="the run's end and all files that its rows refer to")
    (run,) = client.runs(project="p").runs
    assert len(client.media(run.id)) >= 19 and stored(client) == len(client.media(run.id))


@pytest.mark.fault
def test_a_new_service_continues_the_blob_uploads_of_a_killed_one(
    home: Path, tmp_path: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    log(home, monkeypatch, size=40_000_000)
    service = start_service(home, **of_server(server))
    try:
        uploads = BlobFolder(Home(tmp_path / "far").blobs).uploads
        wait_until(
            lambda: (uploads.is_dir() and any(uploads.iterdir())) or stored(client) == FILES,
            what="the first part of the big file",
        )
    finally:
        os.kill(service.pid, signal.SIGKILL)
        service.wait(20)
    assert journal_files(home), "the journal is kept until its blobs are uploaded"
    with running_service(home, **of_server(server)):
        wait_until(lambda: stored(client) == FILES, what="all files on the server")


def test_rows_do_not_wait_for_blobs_that_the_server_rejects(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(home, monkeypatch)
    with (
        running_server(tmp_path / "far", None, "--max-file-gb", "5e-7") as (client, server),
        running_service(home, **of_server(server)),
    ):
        wait_until(lambda: stored(client) == FILES - 1, what="the small files")
        (run,) = client.runs(project="p").runs
        wait_until(lambda: client.run(run.id).state == "finished", what="the run's end")
        assert client.run(run.id).rows == 1
        assert len(journal_files(home)) == 2, "the journal with the rejected blob is kept"


def test_sync_uploads_the_blobs_of_offline_runs(
    home: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    log(home, monkeypatch, mode="offline")
    for name, value in of_server(server).items():
        monkeypatch.setenv(name, value)
    (kept,) = [path for path in Home(home).media.rglob("*") if path.is_file() and path.stat().st_size == 1000]
    moved = kept.rename(home / "moved")
    done = command(home, "sync", "--clean")
    assert done.returncode == 1 and "1 logged files are not in" in done.stderr
    assert stored(client) == FILES - 1
    moved.rename(kept)
    assert command(home, "sync", "--clean").returncode == 0
    assert stored(client) == FILES
    assert not list(Home(home).offline.glob("*.journal"))


KEEP = """
import pathlib
folder = pathlib.Path(os.environ['FOLDER'])
run = ls.init('p', mode='single')
for content in sys.argv[1:] or ['one', 'two']:
    (folder / 'in').mkdir(parents=True, exist_ok=True)
    (folder / 'in' / 'data.txt').write_text(content)
    run.log_artifact(folder, 'set', kind='dataset', aliases=['best'] if content == 'one' else [])
ls.finish()
"""
GET = """
run = ls.init('p', mode='single')
for name in ('set', 'set:best', 'set:v0', 'set:v1'):
    version = run.use_artifact(name, 'dataset')
    folder = run.download_artifact(name)
    print(name, version.number, (folder / 'in' / 'data.txt').read_text())
ls.finish()
"""


def test_artifacts_of_one_machine_can_be_used_on_another(
    tmp_path: Path, remote: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = remote
    for name, value in of_server(server, FOLDER=str(tmp_path / "files"), LIGHTNING_SWEEPS_SERVICE="off").items():
        monkeypatch.setenv(name, value)
    assert run_program(tmp_path / "one", KEEP).wait(60) == 0
    with running_service(tmp_path / "one"):
        wait_until(lambda: [each.is_stored for each in client.artifacts()] == [True, True], what="both versions")
    home = tmp_path / "two"
    program = [sys.executable, "-c", f"import lightning_sweeps as ls\n{GET}"]
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    done = subprocess.run(program, env=variables, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["set 1 two", "set:best 0 one", "set:v0 0 one", "set:v1 1 two"], done.stderr
    with running_service(home):  # the use on the other machine is recorded too
        wait_until(lambda: len(client.runs(project="p").runs) == 2, what="the second run")
        newest = client.runs(project="p").runs[0].id
        wait_until(lambda: {use.role for use in client.artifact_uses(newest)} == {"input"}, what="what it used")
    assert run_program(home, KEEP.replace("'one', 'two'", "'three'")).wait(60) == 0
    here = subprocess.run(program, env=variables, capture_output=True, text=True, timeout=60, check=True)
    assert here.stdout.splitlines()[0].endswith("three"), "the newest version is the local one that is not uploaded yet"
    with running_service(home):
        wait_until(lambda: [each.is_stored for each in client.artifacts()] == [True] * 3, what="the third version")
    assert [(each.version, each.aliases) for each in client.artifacts()] == [(2, ["latest"]), (1, []), (0, ["best"])]
    with Api(Client(server.url, server.token)) as api:
        rows = list(api.artifacts("p", name="set", kind="dataset"))
        assert [(row["version"], row["is_stored"]) for row in rows] == [(2, True), (1, True), (0, True)]
        folder = api.download_artifact(rows[0]["id"], tmp_path / "by-api")
    assert (folder / "in" / "data.txt").read_text() == "three"
