"""Two users of one machine run agents at the same time; one of them has no permissions."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.system.node import node_id
from tests.homes import end_process

NOBODY = 65534
LIMIT_S = 120
SWEEP = """
program: train.py
method: grid
metric: {name: loss}
parameters: {x: {values: [1, 2]}}
"""
PROGRAM = """
import os, sys, lightning_sweeps
run = lightning_sweeps.init()
run.log({"loss": float(sys.argv[1].partition("=")[2])})
print("user", os.getuid(), flush=True)
"""


def _python_for_all() -> str | None:
    """Return a Python of this version that every user can execute."""
    names = (sys.executable, shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin"))
    for name in filter(None, names):
        try:
            subprocess.run([name, "-c", "import lightning_sweeps"], user=NOBODY, env=_variables(), check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return name
    return None


def _variables() -> dict[str, str]:
    """Return an environment without this test's home folder, in which any Python finds this one's packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    package = str(Path(__file__).parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join((package, sysconfig.get_path("purelib")))}


@pytest.fixture
def folders() -> Iterator[dict[int, Path]]:
    """A folder for each user, outside pytest's, which are closed to others."""
    if os.getuid() != 0:
        pytest.skip("only root can start a process of another user")
    made = {}
    for user in (0, NOBODY):
        made[user] = Path(tempfile.mkdtemp(prefix="lightning-sweeps-user-"))
        (made[user] / "sweep.yaml").write_text(SWEEP)
        (made[user] / "train.py").write_text(PROGRAM)
        os.chown(made[user], user, -1)
    yield made
    for folder in made.values():
        home = folder / ".lightning-sweeps"
        end_process(Home(home).service_state(node_id()))
        end_process(Home(home).server_file)
        shutil.rmtree(folder)


@pytest.mark.launch
def test_each_user_has_a_home_and_a_server(folders: dict[int, Path]) -> None:
    python = _python_for_all()
    if python is None:
        pytest.skip("no other user can execute this Python")
    running = {
        user: subprocess.Popen(
            [python, "-m", "lightning_sweeps.cli", "tune", "sweep.yaml", "--cold"],
            cwd=folder,
            env=_variables() | {"HOME": str(folder)},
            user=user,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for user, folder in folders.items()
    }
    shown = {user: process.communicate(timeout=LIMIT_S)[0] for user, process in running.items()}
    for user, process in running.items():
        assert process.returncode == 0, shown[user]
        assert f"[1] user {user}\n" in shown[user]
        assert "2 finished" in shown[user]
        home = folders[user] / ".lightning-sweeps"
        owned = [path for path in home.rglob("*") if path.exists()]
        assert {path.stat().st_uid for path in owned} == {user}
        assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in owned if path.name == "server.json")
    servers = [shown[user].splitlines()[0].rpartition(" ")[2] for user in folders]
    assert len(set(servers)) == 2
