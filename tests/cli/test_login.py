"""Which server a command talks to, what it prints for others, and what it says about wrong addresses and keys."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.setting_values import server_url
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import KeyCreate
from tests.cli.test_cli import assert_message, command
from tests.servers import running_server, wait_until
from tests.service.services import running_service
from tests.store.journals import Journal

POLL_S, TUNNEL_S = 0.1, 10.0
PUBLIC = "https://sweeps.example.org"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  a server of a team


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client, ServerFile]]:
    """Provide a server of a team behind a proxy, on all addresses, with one run."""
    home = tmp_path_factory.mktemp("team") / "home"
    with running_server(home, None, "--host", EVERY_ADDRESS, "--public-url", PUBLIC + "/") as (client, file):
        journal = Journal(run="run-of-team").log(0, loss=1.0)
        client.send_journal(journal.id, 0, journal.data)
        yield home, client, file


def test_addresses_that_are_printed_are_those_that_others_use(team: tuple[Path, Client, ServerFile]) -> None:
    home, client, file = team
    assert file.url.startswith("http://127.0.0.1:")
    assert f"LIGHTNING_SWEEPS_URL={PUBLIC}\n" in command(home, "server", "--show").stdout
    assert f"LIGHTNING_SWEEPS_URL={PUBLIC}\n" in command(home, "key", "create", "alice").stdout
    assert f"Dashboard: {PUBLIC}/login?link=" in command(home, "ui", "--no-open").stdout
    known = {"LIGHTNING_SWEEPS_URL": file.url, "LIGHTNING_SWEEPS_API_KEY": file.token}
    assert f"Dashboard: {file.url}/login?link=" in command(home, "ui", "--no-open", cwd=None, **known).stdout
    browser = {"Host": "sweeps.example.org", "Accept": "text/html"}
    assert requests.get(file.url + client.login_link().path, headers=browser, timeout=5).status_code == 200


def test_without_a_public_url_the_first_allowed_host_is_printed(home: Path) -> None:
    with running_server(home, None, "--host", EVERY_ADDRESS, "--allowed-host", "sweeps.example.org") as (_, file):
        port = file.url.rpartition(":")[2]
        for words in (["server", "--show"], ["key", "create", "bob"]):
            assert f"LIGHTNING_SWEEPS_URL=http://sweeps.example.org:{port}\n" in command(home, *words).stdout


def test_a_local_server_prints_its_own_address(home: Path) -> None:
    with running_server(home) as (_, file):
        assert f"LIGHTNING_SWEEPS_URL={file.url}\n" in command(home, "key", "create", "bob").stdout


def test_a_login_makes_the_server_the_default_until_logout(team: tuple[Path, Client, ServerFile], home: Path) -> None:
    file = team[2]
    told = command(home, "login", file.url, "--key", file.token)
    assert told.returncode == 0, told.stderr
    assert f"use {file.url} from now on" in told.stdout
    assert "a name" in command(home, "runs").stdout
    assert command(home, "login", "--list").stdout == f"{file.url} (default)\n"
    local = command(home, "server", "--where", LIGHTNING_SWEEPS_URL="local")
    assert_message(local, 1, "no server runs")
    assert command(home, "logout").returncode == 0
    assert command(home, "login", "--list").stdout.startswith("No keys are stored")
    assert "a name" not in command(home, "runs").stdout  # of the local server
    assert command(home, "server", "--stop").returncode == 0


def test_after_a_login_no_command_starts_a_private_server(home: Path) -> None:
    with running_server(home.parent / "team") as (_, file):
        assert command(home, "login", file.url, "--key", file.token).returncode == 0
    done = command(home, "runs")
    assert_message(done, 1, f"`{file.url}` does not answer", "login --list")
    assert not Home(home).server_file.exists()
    assert "No runs" in command(home, "runs", LIGHTNING_SWEEPS_URL="local").stdout
    assert command(home, "server", "--stop").returncode == 0


def test_a_command_on_a_terminal_names_the_server(team: tuple[Path, Client, ServerFile], home: Path) -> None:
    file = team[2]
    assert command(home, "login", file.url, "--key", file.token).returncode == 0
    assert "Server:" not in command(home, "runs").stderr
    run = f"import pty, sys; sys.exit(pty.spawn([{sys.executable!r}, '-m', 'lightning_sweeps.cli', 'runs']) >> 8)"
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, env=variables, check=False)
    assert f"Server: {file.url}" in done.stdout


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("192.0.2.2:18800", "did you mean `http://192.0.2.2:18800`?"),
        ("sweeps.example.org", "did you mean `http://sweeps.example.org`?"),
        ("http://host:18800/ui", "use `http://host:18800`"),
        ("https://host/sweeps/1?view=Charts#x", "use `https://host`"),
        ("ftp://host", None),
    ],
)
def test_an_address_that_is_none_says_what_is_meant(home: Path, given: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        server_url(given)
    assert refused.value.hint == hint
    for done in (
        command(home, "runs", LIGHTNING_SWEEPS_URL=given),
        command(home, "login", given, "--key", "x"),
    ):
        assert_message(done, UsageError.exit_status, given, hint or "allowed")


def test_https_to_a_server_without_it(team: tuple[Path, Client, ServerFile], home: Path) -> None:
    url = team[2].url.replace("http://", "https://")
    done = command(home, "runs", LIGHTNING_SWEEPS_URL=url, LIGHTNING_SWEEPS_API_KEY=team[2].token)
    assert_message(done, 1, f"`{url}` does not use HTTPS", f"use `{team[2].url}`")


def expired_key(client: Client, name: str) -> str:
    key = client.create_key(KeyCreate(name, "write", 0.2)).key
    made = time.monotonic()
    wait_until(lambda: time.monotonic() - made > 0.3, what="the key's expiry")
    return key


def test_an_expired_key_is_called_expired(team: tuple[Path, Client, ServerFile], home: Path) -> None:
    _, client, file = team
    key = expired_key(client, "carol")
    for done in (
        command(home, "runs", LIGHTNING_SWEEPS_URL=file.url, LIGHTNING_SWEEPS_API_KEY=key),
        command(home, "login", file.url, "--key", key),
    ):
        assert_message(done, 1, "the API key `carol` expired at ", f"lightning-sweeps login {file.url}")
    wrong = command(home, "login", file.url, "--key", "wrong")
    assert_message(wrong, 1, "does not know this API key", f"lightning-sweeps login {file.url}")
    assert not Home(home).logins.exists()


@pytest.mark.fault
def test_a_training_with_an_expired_key_says_so_and_its_rows_arrive_after_a_login(
    team: tuple[Path, Client, ServerFile], home: Path
) -> None:
    _, client, file = team
    key = expired_key(client, "dora")
    known = {"LIGHTNING_SWEEPS_URL": file.url, "LIGHTNING_SWEEPS_API_KEY": key}
    code = """
import pathlib, time, lightning_sweeps as ls
run = ls.init(project="expired")
while not pathlib.Path("enough").exists():
    run.log({"v": 1}); time.sleep(0.05)
ls.finish()
"""
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), **known}
    home.mkdir()
    with running_service(home, **known), (home.parent / "said").open("w+") as said:
        program = subprocess.Popen([sys.executable, "-c", code], stderr=said, cwd=home.parent, env=variables)
        try:
            wait_until(
                lambda: "`dora` expired at " in Path(said.name).read_text() and "login" in Path(said.name).read_text(),
                what="the word on the terminal",
            )
        finally:
            (home.parent / "enough").touch()
            assert program.wait(60) == 0
    assert client.runs(project="expired").total == 0
    new = client.create_key(KeyCreate("dora-again", "write")).key
    assert command(home, "login", file.url, "--key", new).returncode == 0
    with running_service(home):
        wait_until(lambda: [run.state for run in client.runs(project="expired").runs] == ["finished"], what="the run")


@contextmanager
def connect_proxy() -> Iterator[tuple[str, list[str]]]:
    """Run a proxy that opens tunnels. Provide its address, and the first line of each request."""
    lines: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(POLL_S)
    is_over = threading.Event()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def tunnel(client: socket.socket) -> None:
        with client:
            client.settimeout(TUNNEL_S)
            request = client.recv(65536).decode()
            lines.append(request.splitlines()[0])
            host, _, port = request.split()[1].rpartition(":")
            with socket.create_connection((host, int(port)), timeout=TUNNEL_S) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=copy, args=[server, client])
                back.start()
                copy(client, server)
                back.join()

    def accept() -> None:
        threads = []
        while not is_over.is_set():
            with suppress(TimeoutError):
                client, _ = listener.accept()
                threads.append(threading.Thread(target=tunnel, args=[client]))
                threads[-1].start()
        for thread in threads:
            thread.join()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", lines
    finally:
        is_over.set()
        thread.join()
        listener.close()


@pytest.mark.slow
def test_a_team_server_with_https_is_reached_through_the_proxy(tmp_path: Path, home: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl is installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [*made, "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )
    options = ["--tls-certificate", str(certificate), "--tls-key", str(key), "--allowed-host", "localhost"]
    with connect_proxy() as (proxy, lines), running_server(tmp_path / "team", None, *options) as (_, file):
        variables = {
            "LIGHTNING_SWEEPS_URL": file.url,
            "LIGHTNING_SWEEPS_API_KEY": file.token,
            "LIGHTNING_SWEEPS_CA_FILE": str(certificate),
            "HTTPS_PROXY": proxy,
            "HTTP_PROXY": proxy,
        }
        assert command(home, "runs", cwd=None, **variables, NO_PROXY="").returncode == 0
        assert {line.split()[0] for line in lines} == {"CONNECT"}
        assert all(re.search(r" localhost:\d+ ", line) for line in lines)
        lines.clear()
        assert command(home, "runs", cwd=None, **variables, NO_PROXY="localhost").returncode == 0
        assert lines == []
        refused = command(home, "runs", cwd=None, **{**variables, "HTTPS_PROXY": "http://127.0.0.1:1"}, NO_PROXY="")
        assert_message(refused, 1, "does not answer", "check HTTPS_PROXY")
    with connect_proxy() as (proxy, lines), running_server(tmp_path / "plain") as (_, file):
        variables = {"LIGHTNING_SWEEPS_URL": file.url, "LIGHTNING_SWEEPS_API_KEY": file.token, "HTTP_PROXY": proxy}
        assert command(home, "runs", cwd=None, **variables).returncode == 0
        assert lines == []
