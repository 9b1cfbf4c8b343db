"""The documentation site: its links, its generated pages, the command that serves it, and what a browser loads."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import lightning.pytorch  # noqa: F401 - loaded here, not in a test: the leak check watches what loading leaves in os.environ
import pytest
from typer.testing import CliRunner

import lightning_sweeps
from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.cli.docs import app, find_pages
from lightning_sweeps.cli.docs_server import make_server
from lightning_sweeps.errors import UsageError
from tests.docs.blocks import ROOT
from tools.docs_site import render_commands, rewrite_links

LOADED = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(https?:)?//""")


@pytest.mark.parametrize(
    ("source", "uri", "link", "expected"),
    [
        ("docs/server.md", "server.md", "[a](settings.md#x)", "[a](settings.md#x)"),
        ("docs/README.md", "README.md", "[a](../SECURITY.md)", "[a](security.md)"),
        ("docs/how-to/docs.md", "how-to/docs.md", "[a](../../benchmarks/README.md#s)", "[a](../benchmarks.md#s)"),
        ("docs/extending.md", "extending.md", "[a](../CONTRIBUTING.md#how-to-)", "[a](contributing.md#how-to)"),
        ("ARCHITECTURE.md", "architecture.md", "[a](docs/glossary.md)", "[a](glossary.md)"),
        ("CONTRIBUTING.md", "contributing.md", "[a](README.md)", "[a](README.md)"),
        ("docs/logging.md", "logging.md", "[`a`](../examples/ddp/train_ddp.py)", "`a`"),
        ("docs/logging.md", "logging.md", "[a](https://example.org/x)", "[a](https://example.org/x)"),
        ("docs/logging.md", "logging.md", "[a](#here)", "[a](#here)"),
        ("docs/README.md", "README.md", "![a](images/sweep.png)", "![a](images/sweep.png)"),
    ],
)
def test_links_lead_to_pages_of_the_site(source: str, uri: str, link: str, expected: str) -> None:
    assert rewrite_links(link, source=source, uri=uri) == expected


def test_every_command_and_option_is_generated() -> None:
    page = render_commands()
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == COMMANDS.keys()
    assert "### key create" in page and "| `--slots " in page


def test_every_public_name_has_a_reference() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    described = re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)
    missing = []
    for name in set(lightning_sweeps.__all__) - {"__version__", "figures"}:
        value = getattr(lightning_sweeps, name)
        bases = value.__mro__ if isinstance(value, type) else (value,)
        places = {f"{base.__module__}.{base.__qualname__}" for base in bases} | {base.__module__ for base in bases}
        if not places & set(described):
            missing.append(name)
    assert missing == []


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<p>pages</p>")
    return tmp_path


def test_the_pages_are_served_on_this_machine_only(site: Path) -> None:
    with make_server(site, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert server.server_address[0] == "127.0.0.1"
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
                assert answer.read() == b"<p>pages</p>"
        finally:
            server.shutdown()
            thread.join()


def test_a_folder_without_pages_is_named_with_the_next_step(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", "docs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert f"`{tmp_path}` is neither a page nor a folder with an `index.html`" in refused.stderr
    assert "lightning-sweeps docs --list" in refused.stderr


def test_a_page_is_printed() -> None:
    names = CliRunner().invoke(app, ["--list"]).output.split()
    assert {"sweep-file", "how-to/sql", "server", "extending", "http-api"} <= set(names)
    assert CliRunner().invoke(app, ["sweep-file"]).output == (ROOT / "docs" / "sweep-file.md").read_text()


def test_a_page_with_a_typo_is_recognized() -> None:
    error = CliRunner().invoke(app, ["swep-file"]).exception
    assert isinstance(error, UsageError) and error.hint == "did you mean `sweep-file`?"


def test_pages_that_messages_name_exist() -> None:
    named = {
        page
        for file in (ROOT / "lightning_sweeps").rglob("*.py")
        for page in re.findall(r"`lightning-sweeps docs ([a-z][\w/-]+)`", file.read_text())
    }
    assert len(named) > 4
    assert named <= find_pages().keys()


def test_where_prints_the_folder(site: Path) -> None:
    shown = CliRunner().invoke(app, [str(site), "--where"])
    assert shown.output.strip() == str(site)


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", out], cwd=root, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(root), "NO_MKDOCS_2_WARNING": "1"}, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_site_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 40
    assert [str(page) for page in pages if LOADED.search(page.read_text())] == []
    assert (tmp_path / "site" / "search" / "search_index.json").exists()
    styles = [path.read_text() for path in (tmp_path / "site").rglob("*.css")]
    assert not any(re.search(r"url\([\"']?https?:", style) for style in styles)


@pytest.mark.slow
def test_a_dead_link_fails_the_build(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(
        ROOT, root, ignore=shutil.ignore_patterns(".*", "node_modules", "static", "site", "__pycache__", "tests")
    )
    (root / "docs" / "faq.md").write_text("# Questions\n\n[a](gone.md) and [b](glossary.md#gone)\n")
    done = build(root, tmp_path / "site")
    assert done.returncode == 1
    assert "gone.md" in done.stderr and "#gone" in done.stderr
