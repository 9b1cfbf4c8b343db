"""Wheels of other versions of this project, which run with the libraries of this environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.node import node_id
from tests.servers import end_server, wait_until

ROOT = Path(__file__).parents[1]
COMMITS_BEFORE = 50
BUILD_S = 120
LIMIT_S = 180
NEXT = "9.0.0"
"""Version of a wheel that no longer speaks the protocol of today."""


@dataclass(frozen=True, slots=True)
class Version:
    """An installed wheel.

    Attributes:
        site: the folder that contains it.
    """

    site: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of a process that runs this version."""
        known = {name: value for name, value in os.environ.items() if name != "LIGHTNING_SWEEPS_QUIET"}  # a newer one
        return {**known, "PYTHONPATH": str(self.site), "LIGHTNING_SWEEPS_IDLE_EXIT_S": "2", **variables}

    def run(self, folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments in a folder, to its end."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    @contextmanager
    def running_server(self, home: Path) -> Iterator[dict[str, str]]:
        """Run a server of this version; provide the variables of its clients."""
        home.mkdir(parents=True, exist_ok=True)
        with Home(home).server_log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lightning_sweeps.server", "--home", str(home)],
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
            )
        try:
            described_at = Home(home).server_file
            wait_until(lambda: process.poll() is not None or described_at.exists(), timeout_s=LIMIT_S, what="a server")
            assert process.poll() is None, Home(home).server_log.read_text()
            described = json.loads(described_at.read_bytes())
            yield {"LIGHTNING_SWEEPS_URL": described["url"], "LIGHTNING_SWEEPS_API_KEY": described["token"]}
        finally:
            end_server(process)


@contextmanager
def machine(home: Path) -> Iterator[dict[str, str]]:
    """Provide the variables of a machine whose service ends with the block."""
    try:
        yield {"LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_SERVICE": "process"}
    finally:
        state = Home(home).service_state(node_id())
        if state.exists():
            pid = int(json.loads(state.read_bytes())["pid"])
            if psutil.pid_exists(pid):
                psutil.Process(pid).terminate()
                wait_until(lambda: not psutil.pid_exists(pid), what="the end of the service")


def earlier_version(folder: Path) -> Version:
    """Install the wheel of the newest release before this commit, or of an earlier commit if there is none.

    The test is skipped if this is no checkout, or one without history.
    """
    commit = _git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD~1") or f"HEAD~{COMMITS_BEFORE}"
    commit = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if not commit:
        pytest.skip(f"this is no git checkout with a release or {COMMITS_BEFORE} commits to compare with")
    packed, source = folder / "source.tar", folder / "source"
    _git("archive", "--format=tar", f"--output={packed}", commit)
    _unpack(packed, source)
    return install(source, folder / "site")


def this_version(folder: Path) -> Version:
    """Install the wheel of the working tree."""
    return install(_copy(folder), folder / "site")


def next_version(folder: Path) -> Version:
    """Install a wheel of the working tree that speaks another protocol only."""
    source = _copy(folder)
    for path, before, after in (
        ("core/protocol.py", "PROTOCOLS = (1, 1)", "PROTOCOLS = (2, 2)"),
        ("__init__.py", "__version__ = ", f'__version__ = "{NEXT}"  # '),
    ):
        file = source / "lightning_sweeps" / path
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after, 1))
    return install(source, folder / "site")


def install(source: Path, site: Path) -> Version:
    """Build the wheel of a source tree, and install it without its dependencies."""
    environment = {**os.environ, "LIGHTNING_SWEEPS_NO_DASHBOARD": "1", "PYTHONPATH": ""}
    for words in (
        ["hatchling", "build", "-t", "wheel", "-d", "dist"],
        ["pip", "install", "-q", "--no-deps", "--no-index", "--upgrade", "--target", str(site)],
    ):
        wheels = map(str, source.glob("dist/*.whl")) if words[0] == "pip" else ()
        done = subprocess.run(
            [sys.executable, "-m", *words, *wheels],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return Version(site)


def _copy(folder: Path) -> Path:
    """Copy the files of the working tree that a wheel is made of."""
    source = folder / "source"
    source.mkdir(parents=True)
    packed = folder / "source.tar"
    names = ("lightning_sweeps", "examples", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")
    subprocess.run(["tar", "-cf", packed, "--exclude=static", "--exclude=__pycache__", *names], cwd=ROOT, check=True)
    _unpack(packed, source)
    return source


def _unpack(packed: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xf", packed, "-C", folder], check=True)


def _git(*words: str) -> str:
    """Return the output of git, or an empty text if it fails or is not there."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
