"""Host names, HTTPS, stored keys, and JSON logs."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import ServerUnreachable, UsageError
from lightning_sweeps.server.process.certificate import certificate_of
from lightning_sweeps.server.process.logs import JsonLines
from lightning_sweeps.server.security.hosts import Hosts, own_names
from tests.servers import running_server

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile, Home]]:
    home = Home(tmp_path_factory.mktemp("hardening") / "home")
    with running_server(home.root, None, "--allowed-host", "sweeps.lab", "--allowed-host", ".lan") as (client, file):
        yield client, file, home


@pytest.mark.parametrize(
    ("header", "is_allowed"),
    [
        ("127.0.0.1:80", True), ("[::1]:80", True), ("10.1.2.3", True), ("localhost:80", True), ("LOCALHOST.", True),
        ("x.localhost", True), ("sweeps.lab:9", True), ("a.b.lan", True), ("lan", False), ("notlan", False),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("localhost.evil.example", False),
        ("sweeps.lab.evil", False), ("", False), ("[", False), ("127.0.0.1@evil", False), ("256.1.1.1", False),
    ],
)  # fmt: skip
def test_allowed_host_names(header: str, is_allowed: bool) -> None:
    assert Hosts(["sweeps.lab", ".lan"]).allow(header) is is_allowed
    assert Hosts(["*"]).allow(header) is bool(header.strip("["))
    assert all(Hosts().allow(name) for name in own_names())


@pytest.mark.parametrize("path", ["/", "/login", "/api/health", "/api/runs", "/api/openapi.json", "/assets/x.js"])
def test_a_browser_gets_nothing_under_another_host_name(server: tuple[Client, ServerFile, Home], path: str) -> None:
    client, file, _ = server
    with requests.Session() as browser:
        assert browser.get(f"{file.url}{client.login_link().path}", headers=HTML, timeout=5).status_code == 200
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    assert cookies
    for method in ("GET", "POST"):
        forged = HTML | {"Host": "evil.example", "Cookie": cookies}
        answer = requests.request(method, file.url + path, headers=forged, timeout=5)
        assert answer.status_code == 421 and "--allowed-host" in answer.json()["hint"]
        basic = requests.request(method, file.url + path, headers=forged, auth=("x", file.token), timeout=5)
        assert basic.status_code == 421, "browsers store passwords of HTTP Basic"


def test_a_program_with_a_key_may_use_any_name(server: tuple[Client, ServerFile, Home]) -> None:
    _, file, _ = server
    headers = {"Host": "behind.a.proxy", "Authorization": f"Bearer {file.token}"}
    assert requests.get(f"{file.url}/api/runs", headers=headers, timeout=5).status_code == 200
    assert requests.get(f"{file.url}/api/runs", headers=headers | {"Authorization": "Bearer x"}, timeout=5).ok is False


def login(home: Path, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lightning_sweeps.cli", "login", *arguments]
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home)}
    given = f"{key}\n"
    return subprocess.run(command, input=given, env=variables, capture_output=True, text=True, timeout=60, check=False)


def test_login_stores_a_key_that_the_server_accepts(server: tuple[Client, ServerFile, Home], tmp_path: Path) -> None:
    _, file, _ = server
    home = Home(tmp_path / "mine")
    refused = login(home.root, file.url, key="ls_wrong")
    assert refused.returncode == 1 and "does not accept" in refused.stderr and not home.logins.exists()
    told = login(home.root, f"{file.url}/", key=file.token)
    assert told.returncode == 0 and file.token not in told.stdout + told.stderr
    assert home.logins.stat().st_mode & 0o777 == 0o600
    runs = [sys.executable, "-m", "lightning_sweeps.cli", "runs"]
    variables = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home.root), "LIGHTNING_SWEEPS_URL": file.url}
    assert subprocess.run(runs, env=variables, capture_output=True, timeout=60, check=False).returncode == 0
    assert "Deleted the key" in login(home.root, file.url, "--forget").stdout
    assert subprocess.run(runs, env=variables, capture_output=True, timeout=60, check=False).returncode == 1
    assert login(home.root, "nowhere").returncode == 2


def test_https_with_a_self_signed_certificate(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl is installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    more = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *more], check=True, capture_output=True)
    options = ["--tls-certificate", str(certificate), "--tls-key", str(key), "--allowed-host", "localhost"]
    with running_server(tmp_path / "home", None, *options) as (unauthorized_client, file):
        assert file.url.startswith("https://localhost:")
        with pytest.raises(ServerUnreachable, match="certificate"):
            unauthorized_client.health()
        with Client(file.url, file.token, ca_file=certificate) as client:
            assert client.health().status == "ok"
            link = client.login_link()
        answer = requests.get(file.url + link.path, headers=HTML, verify=str(certificate), timeout=5)
        assert answer.status_code == 200
    with pytest.raises(UsageError, match="and its key"):
        certificate_of(str(certificate), None)
    with pytest.raises(UsageError, match="are not a certificate"):
        certificate_of(str(key), str(certificate))


def test_a_log_line_is_one_json_object() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord("part", logging.ERROR, __file__, 1, "it %s", ("failed",), sys.exc_info())
    line = JsonLines().format(record)
    found = json.loads(line)
    assert "\n" not in line and found["traceback"].endswith("ValueError: two\nlines")
    assert (found["level"], found["logger"], found["message"]) == ("error", "part", "it failed")


def test_logs_as_json_objects(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", None, "--log-format", "json") as (client, _):
        client.health()
    lines = Home(tmp_path / "home").server_log.read_text().splitlines()
    objects = [json.loads(line) for line in lines if not line.startswith("lightning-sweeps server at")]
    for line in objects:
        assert {"time", "level", "logger", "message"} <= line.keys()
    assert len(objects) + 1 == len(lines)


def test_all_answers_of_one_start_of_a_server_name_it(server: tuple[Client, ServerFile, Home]) -> None:
    urls = [server[1].url + path for path in ("/api/health", "/api/runs", "/api/nothing")]
    named = {requests.get(url, timeout=5).headers["Lightning-Sweeps-Start"] for url in urls}
    assert len(named) == 1 and len(named.pop()) == 16


@pytest.mark.parametrize("path", ["/api/runs", "/api/health", "/api/openapi.json", "/api/docs", "/api/nothing", "/"])
@pytest.mark.parametrize("has_key", [True, False], ids=["with key", "without key"])
def test_no_browser_guesses_the_type_of_an_answer_or_stores_one_of_the_api(
    server: tuple[Client, ServerFile, Home], path: str, has_key: bool
) -> None:
    headers = {"Authorization": f"Bearer {server[1].token}"} if has_key else {}
    answer = requests.get(server[1].url + path, headers=headers, timeout=5)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if path.startswith("/api/"):
        assert "no-store" in answer.headers["Cache-Control"]
