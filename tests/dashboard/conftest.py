"""One browser and one server with things to see, for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.server.routes.static_files import index_file
from tests.dashboard.browser import Browser, running_browser
from tests.dashboard.fixtures import World, build
from tests.servers import running_server


@dataclass(frozen=True, slots=True)
class Open:
    """A logged-in browser, the server it looks at, and what lies there."""

    browser: Browser
    client: Client
    world: World

    def go(self, path: str) -> Browser:
        self.browser.go(self.client.url + path)
        return self.browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; without it, or without the built page, its tests are skipped."""
    if not index_file().exists():
        pytest.skip("the dashboard is not built: python hatch_build.py")
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def seen(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    long_lease = ("--lease-s", "3600")  # the world's agents are silent ones
    with running_server(tmp_path_factory.mktemp("server"), None, *long_lease) as (client, _):
        world = build(client)
        chromium.log_in(client)
        chromium.complaints()
        yield Open(chromium, client, world)
