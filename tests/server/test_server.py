"""The server process: start, requests, kill, shutdown."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import NotFound, OffsetConflict, ServerRefused, ServerUnreachable, Unauthorized
from lightning_sweeps.messages import Health, IngestReply, LineRequest, SeriesQuery
from lightning_sweeps.server.routes.journals import MAX_BODY_BYTES
from lightning_sweeps.store import maintenance
from lightning_sweeps.store.database import open_store
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until
from tests.store.journals import STARTED, Journal

END_WITHIN_S = 5


@pytest.fixture
def client(tmp_path: Path, empty_database: str) -> Iterator[Client]:
    with running_server(tmp_path / "home", empty_database) as (client, _):
        yield client


@pytest.fixture
def local(tmp_path: Path) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "home") as server:
        yield server


def test_every_query_of_the_client(client: Client) -> None:
    journal = Journal(config={"lr": 0.1}).log(0, loss=float("nan"), acc=1).log(5, loss=0.5).say("hello").finish()
    samples = Journal(id="samples", node="node-1").log(0, cpu=3.0)
    assert client.health() in (Health("ok", "0.1.0.dev0", "sqlite"), Health("ok", "0.1.0.dev0", "postgresql"))
    assert client.journal_offset(journal.id) == 0
    assert client.send_journal(journal.id, 0, journal.data) == IngestReply(len(journal.data), [])
    client.send_journal("samples", 0, samples.data)
    assert client.journal_offset(journal.id) == len(journal.data)
    assert client.projects() == ["project-1"]
    assert [run.id for run in client.runs(project="project-1", group=None, limit=5).runs] == ["run-1"]
    run = client.run("run-1")
    assert (run.state, run.summary, run.config) == ("finished", {"loss": 0.5, "acc": 1}, {"lr": 0.1})
    assert [info.key for info in client.keys("run-1")] == ["loss", "acc"]
    assert [point.value for point in client.points("run-1", "loss")] == ["nan", 0.5]
    drawn = client.series("run-1", "loss", points=10)
    assert [(bucket.step, bucket.last, bucket.nonfinite) for bucket in drawn.buckets] == [(0, None, 1), (5, 0.5, 0)]
    (line,) = client.query_series(SeriesQuery([LineRequest("run-1", "loss")], "relative", low=0.0)).lines
    assert (line.x, line.mean, line.nonfinite) == ([1.0, 2.0], [None, 0.5], [1, 0])
    assert [point.step for point in client.points("run-1", "loss", low=1.0)] == [5]
    assert [line.line for line in client.console("run-1", last=5)] == ["hello"]
    assert [node.id for node in client.nodes()] == ["node-1"]
    assert [point.value for point in client.points("node-1", "cpu")] == [3.0]


def test_unknown_ids_are_not_found(client: Client) -> None:
    journal = Journal().log(0, loss=1.0)
    client.send_journal(journal.id, 0, journal.data)
    for ask in (
        lambda: client.run("nobody"),
        lambda: client.keys("nobody"),
        lambda: client.series("nobody", "loss"),
        lambda: client.points("run-1", "nothing"),
        lambda: client.console("nobody"),
    ):
        with pytest.raises(NotFound) as refusal:
            ask()
        assert "`no" in refusal.value.message and refusal.value.hint
    with pytest.raises(OffsetConflict) as conflict:
        client.send_journal(journal.id, len(journal.data) + 1, b"x")
    assert conflict.value.committed == len(journal.data)


def test_rejected_requests_name_the_fault(local: tuple[Client, ServerFile]) -> None:
    client, server = local
    with pytest.raises(ServerRefused, match=r"`state` .*`\"dancing\"`.*'running'") as refusal:
        client.runs(state="dancing")
    assert refusal.value.status == 422
    with pytest.raises(ServerRefused, match=r"`offset`.*-1.*greater than or equal to 0"):
        client.send_journal("j", -1, b"")
    with pytest.raises(ServerRefused, match="not a journal"):
        client.send_journal("j", 0, b"surely not a journal")
    with pytest.raises(ServerRefused, match=str(MAX_BODY_BYTES)) as refusal:
        client.send_journal("j", 0, bytes(MAX_BODY_BYTES + 1))
    assert refusal.value.status == 413
    headers = {"Authorization": f"Bearer {server.token}"}
    answers = [
        requests.get(f"{server.url}/api/nothing", headers=headers, timeout=5),
        requests.delete(f"{server.url}/api/runs", headers=headers, timeout=5),
        requests.post(f"{server.url}/api/journals/j", headers=headers, timeout=5),
        requests.post(f"{server.url}/api/sweeps", headers=headers, data="{not json", timeout=5),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 422, 422]
    for answer in answers:
        assert answer.json().keys() == {"message", "hint", "faults"} and answer.json()["message"]


def test_a_wrong_key_is_rejected(local: tuple[Client, ServerFile]) -> None:
    _, server = local
    with Client(server.url, "ls_wrong") as unauthorized_client, pytest.raises(Unauthorized):
        unauthorized_client.projects()
    answer = requests.get(f"{server.url}/api/docs", timeout=5)
    assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]
    assert answer.json()["hint"]
    page = requests.get(f"{server.url}/api/docs", auth=("anyone", server.token), timeout=5)
    assert page.status_code == 200 and "/api/series/query" in page.text
    assert "http" not in page.text and "<script" not in page.text  # no file comes from another host


def test_files_are_private_and_the_key_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_server(home.root) as (_, first):
        for path in (home.server_file, home.server_key, home.server_database):
            assert path.stat().st_mode & 0o077 == 0
    assert not home.server_file.exists()
    with running_server(home.root) as (client, second):
        assert second.token == first.token
        client.health()


def test_a_key_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", "of-our-own")
    with running_server(tmp_path / "home") as (client, server):
        assert server.token == "of-our-own"
        client.health()


def test_a_second_server_on_the_same_home_is_rejected(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (client, server):
        command = [sys.executable, "-m", "lightning_sweeps.server", "--home", str(tmp_path / "home")]
        second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=environment())
        assert second.returncode == 1 and "Traceback" not in second.stderr
        assert server.url in second.stderr and str(server.pid) in second.stderr
        client.health()
        assert Home(tmp_path / "home").server_file.exists()


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--database", "mysql://x/y"], "mysql", 2),
        (["--database", "postgresql://me:hidden@127.0.0.1:1/x"], "127.0.0.1:1/x` cannot be used", 1),
        (["--database", "sqlite:////nonexistent/folder/x.db"], "cannot be used", 1),
        (["--database", f"sqlite:///{__file__}"], "not a database", 1),
        (["--host", "no such host"], "no such host", 2),
        (["--port", "99999999"], "99999999", 2),
    ],
)
def test_arguments_that_are_not_valid(tmp_path: Path, arguments: list[str], message: str, status: int) -> None:
    command = [sys.executable, "-m", "lightning_sweeps.server", "--home", str(tmp_path / "home"), *arguments]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=environment())
    assert ended.returncode == status and message in ended.stderr
    assert "Traceback" not in ended.stderr and "hidden" not in ended.stderr


def test_a_port_that_is_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = start_server(tmp_path / "home", port=other.getsockname()[1])
        assert process.wait(30) == 1
    assert "--port 0" in Home(tmp_path / "home").server_log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_time_with_an_open_request(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    process = start_server(home)
    server = wait_for_server(home, process)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as slow:
        head = f"POST /api/journals/j?offset=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
        slow.sendall(f"{head}Content-Length: 1000\r\n\r\nhalf".encode())  # and no more
        with Client(server.url, server.token) as client:
            client.health()  # by now the server has the first request too
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(END_WITHIN_S * 2) in (0, 1)
        assert time.monotonic() - began < END_WITHIN_S
    assert not Home(home).server_file.exists()


@pytest.mark.fault
def test_no_row_is_lost_or_doubled_when_the_server_is_killed_during_ingest(tmp_path: Path, database: str) -> None:
    """Each kill -9 comes at another moment. The sender knows only what the server confirmed."""
    journal = Journal()
    for step in range(6000):
        journal.log(step, **{f"metric.{number}": float(step) for number in range(5)})
    journal.finish()
    home = tmp_path / "home"
    committed = 0
    for kill_after_s in (0.05, 0.15, 0.3, None):
        process = start_server(home, database=database)
        server = wait_for_server(home, process)
        killer = threading.Timer(kill_after_s or 0, process.kill)
        if kill_after_s is not None:
            killer.start()
        try:
            with Client(server.url, server.token) as client:
                committed = upload(client, journal, committed)
        except ServerUnreachable:
            pass
        finally:
            if kill_after_s is not None:
                killer.join()
                process.wait(10)
        if kill_after_s is None:
            assert committed == len(journal.data)
            with Client(server.url, server.token) as client:
                assert [point.step for point in client.points("run-1", "metric.4")] == list(range(6000))
                run = client.run("run-1")
                assert (run.rows, run.state, run.ended) == (6000, "finished", STARTED + 6001)
            end_server(process)
    store = open_store(database)
    assert maintenance.check(store) == []
    store.close()


def upload(client: Client, journal: Journal, committed: int) -> int:
    """Send the journal in parts of 40 records from the last confirmed offset. Each part overlaps the previous one."""
    committed = client.journal_offset(journal.id)
    while committed < len(journal.data):
        later = [end for end in journal.ends if end > committed]
        earlier = [end for end in journal.ends if end <= committed]
        start = earlier[-5] if len(earlier) >= 5 else 0
        committed = client.send_journal(journal.id, start, journal.data[start : later[:40][-1]]).offset
    return committed


@pytest.mark.fault
def test_the_home_of_a_killed_server_is_free_immediately(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start_server(home)
    wait_for_server(home, process)
    process.kill()
    process.wait(10)
    with running_server(home) as (client, server):
        assert client.health().status == "ok"
        found = msgspec.json.decode(Home(home).server_file.read_bytes(), type=ServerFile)
        assert found == server


def test_eight_clients_at_once(local: tuple[Client, ServerFile]) -> None:
    client, server = local
    replies: list[int] = []

    def one(number: int) -> None:
        journal = Journal(id=f"j{number}", run=f"r{number}")
        for step in range(100):
            journal.log(step, loss=1.0)
        with Client(server.url, server.token) as own:
            replies.append(own.send_journal(journal.id, 0, journal.data).offset)

    threads = [threading.Thread(target=one, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    wait_until(lambda: client.runs().total == 8, timeout_s=5)
    assert len(replies) == 8 and all(run.rows == 100 for run in client.runs().runs)
