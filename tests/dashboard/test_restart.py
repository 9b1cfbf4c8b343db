"""An open page continues with a server that was restarted, without a reload."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from tests.dashboard.browser import Browser
from tests.servers import end_server, start_server, wait_for_server
from tests.store.journals import Journal


@contextmanager
def serving(home: Path) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    process = start_server(home)
    try:
        server = wait_for_server(home, process)
        with Client(server.url, server.token) as client:
            yield client, process
    finally:
        end_server(process)


def log_run(client: Client, run: str) -> None:
    journal = Journal(f"journal-of-{run}", run).log(0, loss=1.0)
    client.send_journal(journal.id, 0, journal.data)


@pytest.mark.fault
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_an_open_page_shows_what_a_restarted_server_gets(
    chromium: Browser, tmp_path: Path, number: signal.Signals
) -> None:
    shown = "return document.body.innerText"
    with serving(tmp_path / "home") as (client, process):
        log_run(client, "run-1")
        url = client.url
        chromium.log_in(client, "/")
        chromium.wait(lambda: "live" in chromium.run(shown), what="the connection")
        chromium.run("window.isSamePage = true")
        process.send_signal(number)
        process.wait(20)
        chromium.wait(lambda: "server does not answer" in chromium.run(shown), what="the page's word")
    with serving(tmp_path / "home") as (client, _):
        assert client.url == url
        chromium.wait(lambda: "server does not answer" not in chromium.run(shown), what="the new connection")
        log_run(client, "run-2")
        chromium.wait(lambda: chromium.run(shown).count("a name") == 2, what="the new run")
        assert chromium.run("return window.isSamePage")
    chromium.complaints()  # the requests that failed while no server ran
