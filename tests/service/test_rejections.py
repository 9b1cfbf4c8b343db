"""One bad journal or a server that answers nonsense never stops the uploads of the other journals."""

from __future__ import annotations

import http.server
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.format import PREAMBLE
from tests.cli.test_cli import command
from tests.servers import running_server, wait_until
from tests.service.services import run_program, running_service
from tests.service.test_service import closed_run
from tests.store.journals import Journal

ROWS = 50
LOG = f"run = ls.init('{{}}')\nfor i in range({ROWS}): run.log({{{{'x': i}}}})\n"


def log(home: Path, project: str) -> None:
    assert run_program(home, LOG.format(project)).wait(60) == 0


@contextmanager
def refusing(home: Path, project: str) -> Iterator[None]:
    """Make the server's database refuse the runs of a project."""
    with sqlite3.connect(Home(home).server_database, timeout=30) as database:
        database.execute(
            f"CREATE TRIGGER refuses BEFORE INSERT ON project WHEN new.name = '{project}'"
            " BEGIN SELECT RAISE(ABORT, 'not today'); END"
        )
    yield
    with sqlite3.connect(Home(home).server_database, timeout=30) as database:
        database.execute("DROP TRIGGER refuses")


@pytest.mark.slow
def test_a_journal_that_the_server_refuses_is_rejected_and_can_be_tried_again(home: Path) -> None:
    with running_server(home) as (client, _), running_service(home):
        with refusing(home, "refused"):
            log(home, "refused")
            log(home, "before")
            closed_run(client, "before")
            wait_until(lambda: bool(client.rejected().journals), timeout_s=90, what="the journal that is rejected")
            log(home, "after")
            (run,) = closed_run(client, "after")
            assert run.rows == ROWS
            (journal,) = client.rejected().journals
            assert "not today" in journal.reason and Path(journal.path).exists()
            assert Home(home).rejection(journal.id).exists()
            listed = command(home, "runs").stdout
            assert journal.path in listed.replace("\n", "") and "sync --retry" in listed
            assert "not today" in command(home, "db", "check").stdout
        command(home, "sync", "--retry")
        (run,) = closed_run(client, "refused")
        assert (run.state, run.rows) == ("finished", ROWS)
        assert client.rejected().journals == []
        assert not Home(home).rejection(journal.id).exists()
        assert "Set rejected" not in command(home, "runs").stdout


def test_a_journal_with_a_damaged_header_is_reported_and_stops_nothing(home: Path) -> None:
    Home(home).journals.mkdir(parents=True)
    damaged = bytearray(Journal(id="j-damaged").log(0, x=1).data)
    damaged[20] ^= 0xFF
    Home(home).journal("j-damaged").write_bytes(damaged)
    Home(home).journal("j-text").write_bytes(b"this is not a journal at all")
    with running_server(home) as (client, _), running_service(home):
        log(home, "good")
        closed_run(client, "good")
        wait_until(lambda: len(client.rejected().journals) == 2, what="both journals on the server's list")
        reasons = {journal.id: journal.reason for journal in client.rejected().journals}
        assert "header" in reasons["j-damaged"] and "not a journal" in reasons["j-text"]


def test_the_service_exits_although_a_dead_journal_is_rejected(home: Path) -> None:
    Home(home).journals.mkdir(parents=True)
    Home(home).journal("j-text").write_bytes(b"this is not a journal at all")
    with running_server(home), running_service(home, LIGHTNING_SWEEPS_IDLE_EXIT_S="1") as service:
        log(home, "good")
        assert service.wait(60) == 0


def test_a_dead_journal_without_a_whole_header_is_deleted_and_a_new_one_is_kept(home: Path) -> None:
    Home(home).journals.mkdir(parents=True)
    for size in (0, 4, len(PREAMBLE), len(PREAMBLE) + 30):
        dead, new = Home(home).journal(f"j-dead-{size}"), Home(home).journal(f"j-new-{size}")
        for path in (dead, new):
            path.write_bytes(Journal(id=path.stem).data[:size])
        os.utime(dead, (0, 0))
    with running_server(home), running_service(home):
        wait_until(lambda: not list(Home(home).journals.glob("j-dead*")), what="the end of the dead journals")
        assert len(list(Home(home).journals.glob("j-new*"))) == 4


# servers that answer nonsense


class Nonsense(http.server.BaseHTTPRequestHandler):
    """Answers every request with the same bytes, or like a server that wants to write elsewhere."""

    answer = b""
    requests = 0

    def do_GET(self) -> None:
        self._send(self.answer if self.answer in ANSWERS[:2] else b'{"offset": 0}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.answer == b"commands" and self.path == "/api/journals":
            stop = {"kind": "stop", "target": "../../victim", "reason": "owned"}
            parts = msgspec.msgpack.decode(body)
            self._send(msgspec.json.encode([{"journal": p[0], "offset": 0, "commands": [stop]} for p in parts]))
        else:
            self._send(self.answer)

    def _send(self, content: bytes) -> None:
        type(self).requests += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def server_of_nonsense() -> Iterator[tuple[http.server.ThreadingHTTPServer, type[Nonsense]]]:
    handler = type("Handler", (Nonsense,), {"requests": 0})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ANSWERS = [b"<html>", b'{"offset": -5}', b"[]", b'[{"journal": "another", "offset": 0}]', b"commands"]
"""The service waits twice as long after each, so they are few. The first two answer the question for the offset."""


def test_uploads_continue_after_a_server_that_answers_nonsense(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", "key")
    with server_of_nonsense() as (server, handler):
        port = server.server_port
        with running_service(home, LIGHTNING_SWEEPS_URL=f"http://127.0.0.1:{port}") as service:
            log(home, "kept")
            for answer in ANSWERS:
                handler.answer, handler.requests = answer, 0
                wait_until(lambda: handler.requests >= 1, what=f"requests that are answered with {answer!r}")
            assert service.poll() is None
            assert not list(home.parent.rglob("victim*"))
            (journal,) = (path for path in Home(home).journals.glob("*.journal") if b"kept" in path.read_bytes())
            assert not list(Home(home).journals.glob("*.rejected"))
            server.shutdown()
            server.server_close()
            with running_server(home, None, "--port", str(port)) as (client, _):
                (run,) = closed_run(client, "kept")
                assert (run.state, run.rows) == ("finished", ROWS)
                wait_until(lambda: not journal.exists(), what="the end of the journal")


def test_a_file_that_cannot_be_read_stops_no_other_journal(home: Path) -> None:
    Home(home).journals.mkdir(parents=True)
    Home(home).journal("j-loop").symlink_to("j-loop.journal")
    with running_server(home) as (client, _), running_service(home):
        log(home, "good")
        closed_run(client, "good")
        wait_until(lambda: bool(client.rejected().journals), what="the journal that is rejected")
