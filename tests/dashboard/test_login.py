"""Logging in over plain HTTP: the link works once, and the cookie is valid only for our own pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.server.security.sessions import holder, issue
from tests.servers import running_server

HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "server") as running:
        yield running


@pytest.fixture
def browser(server: tuple[Client, ServerFile]) -> Iterator[requests.Session]:
    """Return a session that has followed a login link."""
    client, file = server
    with requests.Session() as session:
        session.headers.update(HTML)
        answer = session.get(file.url + client.login_link().path, timeout=5)
        assert answer.status_code == 200
        yield session


def test_cookie_reads_and_is_hidden_from_scripts_and_other_sites(
    server: tuple[Client, ServerFile], browser: requests.Session
) -> None:
    _, file = server
    (cookie,) = CookieJar.__iter__(browser.cookies)
    assert file.token not in (cookie.value or "")
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "strict"
    assert browser.get(f"{file.url}/api/runs", timeout=5).json()["runs"] == []
    assert browser.get(f"{file.url}/api/session", timeout=5).json()["name"]


def test_login_link_works_once(server: tuple[Client, ServerFile]) -> None:
    client, file = server
    link = file.url + client.login_link().path
    assert "set-cookie" in requests.get(link, headers=HTML, timeout=5).headers
    again = requests.get(link, headers=HTML, timeout=5)
    assert again.status_code == 401 and "used before" in again.text and "set-cookie" not in again.headers


@pytest.mark.parametrize("link", ["", "x", "1.2.3", "99999999999.a.b", "²².a.b", "9" * 400 + ".a.b"])
def test_a_forged_link_gives_no_cookie(server: tuple[Client, ServerFile], link: str) -> None:
    answer = requests.get(f"{server[1].url}/login", params={"link": link}, headers=HTML, timeout=5)
    assert answer.status_code == 401 and "set-cookie" not in answer.headers


def test_browser_without_a_session_sees_how_to_log_in(server: tuple[Client, ServerFile]) -> None:
    _, file = server
    for path in ("/", "/sweeps/abc", "/embedded"):
        answer = requests.get(file.url + path, headers=HTML, timeout=5)
        assert answer.status_code == 401 and "lightning-sweeps ui" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert requests.get(f"{file.url}/api/runs", headers=HTML, timeout=5).json()["message"]


def test_api_key_logs_in(server: tuple[Client, ServerFile]) -> None:
    _, file = server
    wrong = requests.post(f"{file.url}/login", data={"key": "ls_wrong"}, timeout=5)
    assert wrong.status_code == 401 and "set-cookie" not in wrong.headers
    with requests.Session() as session:
        session.post(f"{file.url}/login", data={"key": file.token}, timeout=5)
        assert session.get(f"{file.url}/api/projects", timeout=5).status_code == 200
        session.post(f"{file.url}/api/logout", headers={"Origin": file.url}, timeout=5)
        assert session.get(f"{file.url}/api/projects", timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Origin": "null"}, 401),
        ({"Origin": "http://127.0.0.1:1"}, 401),
        ({"Origin": "http://evil.example"}, 401),
        ({"Origin": "OWN", "Sec-Fetch-Site": "cross-site"}, 401),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-site"}, 401),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, 404),
        ({"Origin": "OWN"}, 404),
    ],
)
def test_only_our_own_pages_can_change_something(
    server: tuple[Client, ServerFile], browser: requests.Session, headers: dict[str, str], status: int
) -> None:
    _, file = server
    sent = {name: file.url if value == "OWN" else value for name, value in headers.items()}
    assert browser.post(f"{file.url}/api/trials/none/stop", headers=sent, timeout=5).status_code == status


def test_a_forged_host_is_refused_and_not_echoed(server: tuple[Client, ServerFile]) -> None:
    client, file = server
    forged = HTML | {"Host": "evil.example"}
    for path in ("/", "/api/runs"):
        answer = requests.get(file.url + path, headers=forged, timeout=5)
        assert answer.status_code == 421 and "evil" not in answer.text + str(answer.headers)
    answer = requests.get(file.url + client.login_link().path, headers=forged, timeout=5)
    assert answer.status_code == 421 and "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_login_link_redirects_only_within_the_dashboard(server: tuple[Client, ServerFile], to: str) -> None:
    client, file = server
    answer = requests.get(file.url + client.login_link().path, params={"to": to}, headers=HTML, timeout=5)
    assert 'content="0;url=/"' in answer.text


def test_link_from_another_site_is_reloaded_with_the_cookie(
    server: tuple[Client, ServerFile], browser: requests.Session
) -> None:
    answer = browser.get(f"{server[1].url}/sweeps", headers={"Sec-Fetch-Site": "cross-site"}, timeout=5)
    assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text


@pytest.mark.parametrize(
    "path", ["/assets/../index.html", "/assets/..%2f..%2fapp.py", "/assets/%2e%2e/built-from", "/assets/x.py"]
)
def test_only_built_files_are_served(server: tuple[Client, ServerFile], browser: requests.Session, path: str) -> None:
    request = requests.Request("GET", server[1].url + "/").prepare()
    request.url = server[1].url + path
    request.headers.update({"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())})
    answer = browser.send(request, timeout=5)
    assert "built-from" not in answer.text and "APIRouter" not in answer.text
    assert answer.status_code in (200, 404, 503)


def test_tokens_expire_and_are_bound_to_key_and_purpose() -> None:
    now = 1000.0
    token = issue("session", "digest", expires=now + 10)
    assert holder("session", token, {"other": "", "digest": ""}, now=now) == "digest"
    assert holder("session", token, {"digest": ""}, now=now + 11) is None
    assert holder("session", token, {"other": ""}, now=now) is None
    assert holder("link", token, {"digest": ""}, now=now) is None
    assert holder("session", f"{int(now + 999)}{token[4:]}", {"digest": ""}, now=now) is None
    assert issue("link", "digest", expires=time.time()) != issue("link", "digest", expires=time.time())
