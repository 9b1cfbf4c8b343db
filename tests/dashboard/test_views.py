"""A view in a page of another origin, such as a cell of a notebook: it is live, and only reads."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

import lightning_sweeps
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import KeyCreate
from lightning_sweeps.server.security.api_keys import digest
from lightning_sweeps.server.security.framing import framing
from lightning_sweeps.server.security.sessions import VIEW_PREFIX, issue
from tests.dashboard.browser import Browser
from tests.dashboard.fixtures import Writer, run_info
from tests.servers import running_server

nbformat = pytest.importorskip("nbformat", reason="notebooks are run with the extra `dev`")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run with the extra `dev`")

Server = tuple[Client, ServerFile]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--embed-origin", "http://*.allowed.localhost:*")
    with running_server(tmp_path_factory.mktemp("server"), None, *options) as (client, file):
        yield client, file


@pytest.fixture
def kernel(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Create a key for a notebook, and set it in the environment as a kernel has it."""
    client, file = server
    name = f"kernel-{time.monotonic_ns()}"
    made = client.create_key(KeyCreate(name, "write"))
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", file.url)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", made.key)
    yield client
    with suppress(NotFound):  # a test may have done so itself
        client.revoke_key(name)


class Site(ThreadingHTTPServer):
    daemon_threads = False


class Pages(SimpleHTTPRequestHandler):
    timeout = 1  # browsers open connections before they need them, and the threads of these are waited for

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002  the base's word
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Run a web site on another port. Return its folder and its port. Every name under `localhost` resolves to it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with Site(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, http.server_port
        http.shutdown()
        thread.join()


def put(site: tuple[Path, int], html: str, *, name: str = "localhost") -> str:
    folder, port = site
    (folder / "cell.html").write_text(f"<!doctype html><title>a notebook</title><body>{html}")
    return f"http://{name}:{port}/cell.html"


def shown(what: str) -> str:
    return lightning_sweeps.view(what)._repr_mimebundle_()["text/html"]


def test_embedded_view_is_live_until_its_tab_or_key_ends(
    kernel: Client, chromium: Browser, site: tuple[Path, int]
) -> None:
    run = Writer(kernel, run_info("watched")).log(0, loss=3.0).send()
    page = put(site, shown("run-watched"))
    chromium.go(page)
    with chromium.inside("iframe"):
        chromium.see("rows\n1", ".facts")
        run.log(1, loss=2.0).send()
        chromium.see("rows\n2", ".facts")  # by itself
        chromium.wait(lambda: chromium.count(".chart .u-over") == 1, what="the chart")
        chromium.click("[role=tab]", "Overview")  # tabs within the view work
        chromium.see("Last values")
        assert chromium.count(".shell") == 0 and chromium.count("main input, main textarea") == 0
        assert chromium.run("return document.cookie + location.hash") == ""
    chromium.go(page)  # the notebook removes the frame and adds it again
    with chromium.inside("iframe"):
        chromium.see("rows\n2", ".facts")
        chromium.run("sessionStorage.clear()")
    chromium.go(page)  # what a saved notebook shows
    with chromium.inside("iframe"):
        chromium.see("opened before, or it has expired. Run the cell again")
        assert "watched" not in chromium.text()
    put(site, shown("run-watched"))
    chromium.go(page)
    with chromium.inside("iframe"):
        chromium.see("rows\n2", ".facts")
        (name,) = [key.name for key in kernel.api_keys() if key.name.startswith("kernel-")]
        kernel.revoke_key(name)
        chromium.wait(lambda: "Run the cell again" in (run.log(2, loss=1.0).send(), chromium.text())[1], what="its end")


@pytest.mark.parametrize(
    ("name", "framed", "is_shown"),
    [
        ("localhost", "view", True),
        ("a.allowed.localhost", "view", True),
        ("evil.localhost", "view", False),
        ("localhost", "dashboard", False),  # the full dashboard, with a login and buttons
    ],
)
def test_only_allowed_origins_can_frame_a_view(
    kernel: Client, chromium: Browser, site: tuple[Path, int], name: str, framed: str, is_shown: bool
) -> None:
    Writer(kernel, run_info("framed")).log(0, loss=3.0).send()
    chromium.log_in(kernel)
    chromium.complaints()
    html = shown("/runs") if framed == "view" else f'<iframe src="{kernel.url}/runs"></iframe>'
    chromium.go(put(site, html, name=name))
    if is_shown:
        with chromium.inside("iframe"):
            chromium.see("framed", ".table-body")
        return
    refused: list[str] = []

    def is_refused() -> bool:
        refused.extend(chromium.complaints())
        return any("frame-ancestors" in one for one in refused)

    chromium.wait(is_refused, what="the refusal")
    with chromium.inside("iframe"):
        assert "framed" not in chromium.text() and chromium.count(".table-body") == 0


def token(file: ServerFile, *, kind: Any = "view", after_s: float = 60) -> dict[str, str]:
    """Return the headers of a view that belongs to the server's admin key."""
    made = issue(kind, digest(file.token), expires=time.time() + after_s)
    return {"Authorization": f"Bearer {VIEW_PREFIX}{made}"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/runs", 200),
        ("POST", "/api/runs/query", 200),
        ("POST", "/api/trials/none/stop", 403),
        ("POST", "/api/runs/none/labels", 403),
        ("DELETE", "/api/artifacts/none", 403),
        ("PUT", f"/api/blobs/{'0' * 64}", 403),
        ("GET", "/api/keys", 403),
        ("GET", "/api/audit", 403),
        ("POST", "/api/login", 403),  # it gets neither a cookie nor a new ticket
        ("POST", "/api/views", 403),
    ],
)
def test_a_view_with_an_admin_key_is_read_only(server: Server, method: str, path: str, status: int) -> None:
    _, file = server
    answer = requests.request(method, file.url + path, headers=token(file), json={}, timeout=5)
    assert answer.status_code == status


def test_view_expires_and_a_ticket_is_not_a_token(server: Server) -> None:
    client, file = server

    def status(headers: dict[str, str]) -> int:
        return requests.get(f"{file.url}/api/session", headers=headers, timeout=5).status_code

    assert requests.get(f"{file.url}/api/session", headers=token(file), timeout=5).json()["role"] == "read"
    assert status(token(file, after_s=-1)) == 401
    assert status(token(file, kind="ticket")) == status(token(file, kind="session")) == 401
    ticket = client.view_ticket().ticket
    assert status({"Authorization": f"Bearer {VIEW_PREFIX}{ticket}"}) == 401
    opened = requests.post(f"{file.url}/embed/open", data=ticket, timeout=5)
    assert opened.status_code == 200 and "set-cookie" not in opened.headers
    assert status({"Authorization": f"Bearer {opened.json()['token']}"}) == 200
    for given in (ticket, "", "x" * 5000, issue("link", digest(file.token), expires=time.time() + 60)):
        assert requests.post(f"{file.url}/embed/open", data=given, timeout=5).status_code in (401, 422)


@pytest.mark.parametrize("origin", ["*", "https:", "https://a b", "https://a;script-src *", "'self'", "file://x", ""])
def test_invalid_origins_are_refused(origin: str) -> None:
    with pytest.raises(UsageError, match="is not an origin"):
        framing([origin])


def test_view_accepts_addresses_and_ids(kernel: Client) -> None:
    Writer(kernel, run_info("placed", group="two words")).log(0, loss=3.0).finish().send()
    view = lightning_sweeps.view
    assert view(kernel.run("run-placed")).path == view("run-placed").path == "/runs/run-placed"
    there = view("https://sweeps.lab:8800/sweeps/a?x=time#b")
    assert (there.path, there.at) == ("/sweeps/a?x=time", "https://sweeps.lab:8800")
    said = view("/groups/tests/two%20words?view=Pace", at="http://127.0.0.1:1")._repr_mimebundle_()
    assert said["text/plain"].splitlines()[1:] == ["rank 0: finished, 1 rows; loss 3"]
    assert 'src="http://127.0.0.1:1/embed/groups/tests/two%20words?view=Pace#' in said["text/html"]
    with pytest.raises(NotFound):
        view("nothing")
    for wrong in ("runs/x", "javascript:/x"):
        with pytest.raises(UsageError):
            view(wrong)
    with pytest.raises(UsageError):
        view("/runs", at="host:80")


def test_saved_notebook_gives_no_access(kernel: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(folder, str(tmp_path / folder))
    Writer(kernel, run_info("celled", group="<b>")).log(0, loss=3.0).send()
    cell = nbformat.v4.new_code_cell("import lightning_sweeps\nlightning_sweeps.view('run-celled')")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    html = output.data["text/html"]
    assert "<iframe" in html and "run celled" in html and "loss 3" in html
    assert output.data["text/plain"].startswith("run celled: http")
    address = urlsplit(html.split('src="')[1].split('"')[0])
    open_ = functools.partial(requests.post, f"{kernel.url}/embed/open", data=address.fragment, timeout=5)
    assert [open_().status_code, open_().status_code] == [200, 401]
    assert environment()["LIGHTNING_SWEEPS_API_KEY"] not in nbformat.writes(notebook)
