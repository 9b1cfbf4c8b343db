"""`lightning-sweeps demo`: its files are in the wheel, and its sweep runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.cli import demo
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import UsageError
from tests.cli.test_cli import command

ROOT = Path(__file__).parents[2]


def test_the_wheel_contains_the_files() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    included = dict(re.findall(r'^"(examples/\S+)" = "lightning_sweeps/demo/(\S+)"$', text, re.MULTILINE))
    assert sorted(included.values()) == sorted(demo.FILES)
    assert all(
        (ROOT / source).read_bytes() == (demo.IN_REPOSITORY / name).read_bytes() for source, name in included.items()
    )


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("mine")
    demo.copy_files(tmp_path)
    assert (tmp_path / "sweep.yaml").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == set(demo.FILES)
    with pytest.raises(UsageError, match="cannot write the demo"):
        demo.copy_files(tmp_path / "sweep.yaml")


@pytest.mark.slow
@pytest.mark.launch
def test_the_demo_runs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lightning_sweeps.cli", "demo", "--trials", "1", "--slots", "1"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_SERVICE": "thread"},
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Best: trial 1, val/loss" in done.stdout, done.stdout
        assert "Dashboard: http" in done.stdout
    finally:
        command(home, "server", "--stop")
