"""Fixtures: one browser, and a server with example runs and sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.server.routes.static_files import index_file
from tests.dashboard.browser import Browser, running_browser
from tests.dashboard.fixtures import Examples, build
from tests.servers import running_server


@dataclass(frozen=True, slots=True)
class OpenDashboard:
    """A logged-in browser, its server, and the examples on the server."""

    browser: Browser
    client: Client
    examples: Examples

    def go(self, path: str) -> Browser:
        self.browser.go(self.client.url + path)
        return self.browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run a browser. Skip the test if there is none, or if the page is not built."""
    if not index_file().exists():
        pytest.skip("the dashboard is not built: python hatch_build.py")
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDashboard]:
    long_lease = ("--lease-s", "3600")  # the agents of the examples send no heartbeats
    with running_server(tmp_path_factory.mktemp("server"), None, *long_lease) as (client, _):
        examples = build(client)
        chromium.log_in(client)
        chromium.complaints()
        yield OpenDashboard(chromium, client, examples)
