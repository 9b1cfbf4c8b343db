"""A container beside the host with the same home folder: other pids, and perhaps another network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from tests.servers import running_server

CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")
COMMAND = (sys.executable, "-m", "lightning_sweeps.cli")


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*CONTAINER, "--net", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _can_unshare(), reason="needs root and `unshare`, to make a container's namespaces")


def run(home: Path, *words: str, network: bool = True) -> subprocess.CompletedProcess[str]:
    namespaces = [*CONTAINER, *([] if network else ["--net"])]
    environment = os.environ | {"LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_SERVICE": "off"}
    return subprocess.run(
        [*namespaces, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_container_with_the_hosts_network_uses_its_server(home: Path) -> None:
    with running_server(home) as (_, described):
        shown = run(home, *COMMAND, "server", "--show")
        assert described.url in shown.stdout, shown.stderr
        listed = run(home, *COMMAND, "status")
        assert (listed.returncode, listed.stderr) == (0, "")
        stopped = run(home, *COMMAND, "server", "--stop")
        assert stopped.returncode == 1
        assert "another container or machine" in stopped.stderr


def test_a_container_with_its_own_network_says_what_to_do(home: Path) -> None:
    with running_server(home) as (_, described):
        listed = run(home, *COMMAND, "status", network=False)
    assert listed.returncode == 1
    assert f"its address `{described.url}` cannot be reached from here" in listed.stderr
    assert "LIGHTNING_SWEEPS_URL" in listed.stderr


def test_the_file_of_a_server_that_was_killed_in_a_container_is_ignored(home: Path) -> None:
    script = f"{sys.executable} -m lightning_sweeps.server --home {home} & "
    script += f"until test -e {Home(home).server_file}; do sleep 0.05; done; kill -9 $!"
    assert run(home, "bash", "-c", script).returncode == 0
    assert Home(home).server_file.exists()
    shown = subprocess.run(
        [*COMMAND, "server", "--show"],
        env=os.environ | {"LIGHTNING_SWEEPS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 1
    assert "no server runs on the home folder" in shown.stderr
