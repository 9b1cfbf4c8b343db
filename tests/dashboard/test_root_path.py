"""A proxy serves the dashboard below a path, and leaves the path on its requests or takes it off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from lightning_sweeps.api.notebook import view
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.web.root_path import check_root_path
from tests.dashboard.browser import Browser
from tests.servers import running_server

ROOT = "/user/ada/proxy/8800"
PUBLIC = "https://hub.example.org"
HTML = {"Accept": "text/html", "Host": "hub.example.org"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile]]:
    options = ("--root-path", f"{ROOT}/", "--public-url", PUBLIC)
    with running_server(tmp_path_factory.mktemp("server"), None, *options) as (client, file):
        yield client, file


@pytest.mark.parametrize("root", [ROOT, ""], ids=["left on", "taken off"])
def test_pages_point_below_the_path(server: tuple[Client, ServerFile], root: str) -> None:
    client, file = server
    answer = requests.get(f"{file.url}{root}/runs/a", headers=HTML, timeout=10)
    assert answer.status_code == 401 and f'action="{ROOT}/login"' in answer.text
    login = client.login_link()
    assert login.url == f"{PUBLIC}{ROOT}"
    with requests.Session() as browser:
        answer = browser.get(f"{file.url}{root}{login.path}&to=/sweeps", headers=HTML, timeout=10)
        assert f"0;url={ROOT}/sweeps" in answer.text
        answer = browser.get(f"{file.url}{root}/sweeps", headers=HTML, timeout=10)
        assert answer.status_code == 200 and f'src="{ROOT}/assets/' in answer.text and '"./assets/' not in answer.text
        assert browser.get(f"{file.url}{root}/api/session", headers=HTML, timeout=10).status_code == 200


def test_a_view_in_a_notebook_is_reached_through_the_proxy(
    server: tuple[Client, ServerFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file = server
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", file.url)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", file.token)
    html = view("/runs")._repr_mimebundle_()["text/html"]
    assert f'src="{PUBLIC}{ROOT}/embed/runs#' in html and f'href="{PUBLIC}{ROOT}/runs"' in html
    assert 'src="/user/ada/embed/runs#' in view("/runs", at="/user/ada")._repr_mimebundle_()["text/html"]
    policy = requests.get(f"{file.url}/embed/runs", headers=HTML, timeout=10).headers["Content-Security-Policy"]
    assert "'self'" in policy.partition("frame-ancestors")[2]


@pytest.mark.parametrize("given", ["sweeps", "//evil.example", "/a b", '/"', "https://hub/a", "/a//b"])
def test_a_root_path_is_a_path(given: str) -> None:
    with pytest.raises(UsageError, match="allowed: a path such as"):
        check_root_path(given)
    assert check_root_path("/") == ""


@pytest.mark.slow
def test_the_page_works_below_the_path(server: tuple[Client, ServerFile], chromium: Browser) -> None:
    client, file = server
    chromium.go(f"{file.url}{ROOT}{client.login_link().path}")
    chromium.see("Sweeps")
    chromium.wait(lambda: chromium.run("return location.pathname") == f"{ROOT}/", what="the start page")
    link = chromium.run("return document.querySelector('a[href$=\"/runs\"]').pathname")
    assert link == f"{ROOT}/runs"
    chromium.run("document.querySelector('a[href$=\"/runs\"]').click()")
    chromium.wait(lambda: chromium.run("return location.pathname") == f"{ROOT}/runs", what="the page of runs")
    chromium.go(f"{file.url}{ROOT}/nodes")  # a reload
    chromium.see("nodes")
