"""Connections without a key keep nobody out, and half requests are closed."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.address import networks
from lightning_sweeps.server.process.connections import ConnectionState, is_overdue, limits_for
from lightning_sweeps.server.security import permissions
from tests.servers import end_server, running_server, wait_for_server, wait_until

HALF = b"GET /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_BODY = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nkey="
WHOLE = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FRESH = ConnectionState(
    is_known=False, is_busy=False, is_body_awaited=False, is_read=True, waited_s=1, silent_s=1, stalled_s=0
)


@contextmanager
def server_with_files(home: Home, soft: int, hard: int) -> Iterator[ServerFile]:
    """Run a server that starts with limits of open files."""
    home.root.mkdir(parents=True)
    limited = (
        "import resource, os, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))"
    )
    limited += "; os.execv(sys.executable, [sys.executable, '-m', 'lightning_sweeps.server', *sys.argv[3:]])"
    command = [sys.executable, "-c", limited, str(soft), str(hard), "--home", str(home.root)]
    with home.server_log.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment())
    try:
        yield wait_for_server(home.root, process)
    finally:
        end_server(process)


def allow_files(number: int) -> None:
    """Let this process open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def attack(server: ServerFile, number: int, data: bytes, stack: ExitStack) -> list[socket.socket]:
    """Open connections that send `data` and then nothing. Those that the server closes count too."""
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    opened = []
    for _ in range(number):
        connection = stack.enter_context(socket.create_connection(address, timeout=10))
        if data:
            connection.sendall(data)
        opened.append(connection)
    return opened


def ask(server: ServerFile) -> float:
    """Return how long a request with a valid key takes, on a new connection."""
    started = time.monotonic()
    answer = requests.get(f"{server.url}/api/runs", headers={"Authorization": f"Bearer {server.token}"}, timeout=10)
    assert answer.status_code == 200
    return time.monotonic() - started


def case(data: bytes, files: tuple[int, int], name: str, *, is_slow: bool = False) -> Any:
    return pytest.param(data, *files, id=name, marks=[pytest.mark.slow] if is_slow else [])


RAISED, LOW = (128, 4096), (160, 160)
"""Limits of open files, soft and hard."""


@pytest.mark.parametrize(
    ("data", "soft", "hard"),
    [
        case(b"", RAISED, "silent"),
        case(b"", LOW, "silent, low limit", is_slow=True),
        case(b"G", RAISED, "one byte", is_slow=True),
        case(b"G", LOW, "one byte, low limit", is_slow=True),
        case(HALF, RAISED, "half a header", is_slow=True),
        case(HALF, LOW, "half a header, low limit"),
        case(HALF_BODY, RAISED, "half a body"),
        case(HALF_BODY, LOW, "half a body, low limit", is_slow=True),
        case(WHOLE, RAISED, "idle", is_slow=True),
        case(WHOLE, LOW, "idle, low limit", is_slow=True),
    ],
)
def test_two_thousand_connections_without_a_key_keep_nobody_out(
    tmp_path: Path, data: bytes, soft: int, hard: int
) -> None:
    allow_files(4096)
    home = Home(tmp_path / "home")
    with server_with_files(home, soft, hard) as server, ExitStack() as stack, requests.Session() as known:
        known.headers["Authorization"] = f"Bearer {server.token}"
        assert known.get(f"{server.url}/api/runs", timeout=10).status_code == 200
        for _ in range(10):
            with may_be_closed():
                attack(server, 200, data, stack)
            assert ask(server) < 5
        assert known.get(f"{server.url}/api/runs", timeout=10).status_code == 200
    assert "Too many open files" not in home.server_log.read_text()


@contextmanager
def may_be_closed() -> Iterator[None]:
    """The server may close a connection before the attacker has sent its bytes."""
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        return


def test_half_a_request_is_closed_and_a_known_connection_is_kept(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (_, server), ExitStack() as stack, requests.Session() as known:
        known.headers["Authorization"] = f"Bearer {server.token}"
        known.get(f"{server.url}/api/runs", timeout=10)
        halves = [*attack(server, 3, b"", stack), *attack(server, 3, HALF, stack), *attack(server, 3, WHOLE, stack)]
        for half in halves:
            half.settimeout(30)
            while half.recv(65536):
                pass
        assert known.get(f"{server.url}/api/runs", timeout=10).status_code == 200
        assert known.adapters["http://"].poolmanager.pools.keys()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "is_closed"),
    [
        (FRESH, False),
        (replace(FRESH, waited_s=11), True),
        (replace(FRESH, waited_s=80, is_known=True), False),
        (replace(FRESH, waited_s=90, is_known=True), True),
        (replace(FRESH, waited_s=300, is_known=True, is_busy=True), False),
        (replace(FRESH, waited_s=50, is_busy=True), False),
        (replace(FRESH, waited_s=80, is_busy=True), True),
        (replace(FRESH, waited_s=40, is_known=True, is_busy=True, is_body_awaited=True, silent_s=31), True),
        (replace(FRESH, waited_s=40, is_known=True, is_busy=True, is_read=False, stalled_s=100), False),
        (replace(FRESH, waited_s=40, is_known=True, is_busy=True, is_read=False, stalled_s=121), True),
    ],
    ids=[
        "new",
        "no header",
        "kept alive",
        "idle",
        "long answer",
        "asks",
        "asks too long",
        "half body",
        "slow",
        "stalled",
    ],
)
def test_what_is_overdue(state: ConnectionState, is_closed: bool) -> None:
    assert is_overdue(state) is is_closed


@pytest.mark.parametrize("files", [1, 64, 128, 1024, 2**31])
def test_connections_leave_files_for_the_database(files: int) -> None:
    limits = limits_for(files)
    assert 1 <= limits.unknown_per_address <= limits.unknown <= limits.total <= files


def statuses(server: ServerFile, number: int, address: str, *, by_form: bool) -> list[int]:
    """Send wrong keys from an address that only the header claims, and return the statuses."""
    headers = {"X-Forwarded-For": address}
    if by_form:
        data = {"key": "ls_wrong"}
        return [
            requests.post(f"{server.url}/login", data=data, headers=headers, timeout=10).status_code
            for _ in range(number)
        ]
    headers["Authorization"] = "Bearer ls_wrong"
    return [requests.get(f"{server.url}/api/runs", headers=headers, timeout=10).status_code for _ in range(number)]


@pytest.mark.parametrize("by_form", [False, True], ids=["header", "form"])
def test_the_limit_of_wrong_keys_counts_logins_and_believes_only_trusted_proxies(tmp_path: Path, by_form: bool) -> None:
    half = permissions.MAX_FAILURES // 2
    with running_server(tmp_path / "open") as (_, server):
        assert set(statuses(server, half, "10.0.0.1", by_form=by_form)) == {401}
        assert set(statuses(server, half, "10.0.0.2", by_form=not by_form)) == {401}
        assert statuses(server, 2, "10.0.0.3", by_form=by_form) == [429, 429]
        ask(server)
    with running_server(tmp_path / "behind", None, "--trusted-proxy", "127.0.0.0/8") as (_, server):
        assert statuses(server, 2 * half + 1, "10.0.0.1", by_form=by_form)[-1] == 429
        assert statuses(server, 1, "10.0.0.2", by_form=by_form) == [401]
        assert statuses(server, 1, "10.0.0.2, 10.0.0.1", by_form=by_form) == [429], "the last address is the true one"


def test_a_trusted_proxy_is_an_address() -> None:
    assert networks(["10.0.0.5", "::1", "10.0.0.0/24"]) == ["10.0.0.5/32", "::1/128", "10.0.0.0/24"]
    with pytest.raises(UsageError, match="is not the address of a proxy"):
        networks(["proxy.lan"])


def test_streams_are_limited_for_each_key_and_cost_others_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (_, server), ExitStack() as stack:
        headers = {"Authorization": f"Bearer {server.token}"}
        streams = [
            stack.enter_context(requests.get(f"{server.url}/api/live", headers=headers, stream=True, timeout=30))
            for _ in range(60)
        ]
        assert [stream.status_code for stream in streams] == [200] * 50 + [429] * 10
        assert "50 open streams" in streams[-1].text
        assert sorted(ask(server) for _ in range(20))[10] < 0.5
        for stream in streams[:50]:
            stream.close()

        def opens() -> bool:
            with requests.get(f"{server.url}/api/live", headers=headers, stream=True, timeout=30) as again:
                return again.status_code == 200

        wait_until(opens, timeout_s=10, what="a place for a new stream")
