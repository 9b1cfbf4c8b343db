"""Launchers: the example of the docs as a package from outside, its contract, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lightning_sweeps.agents.launchers.base import Launcher
from lightning_sweeps.agents.launchers.registry import LAUNCHERS
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.testing.launcher import LauncherContract
from tests.agents.trials import make_sweep
from tests.docs_examples import python_blocks
from tests.extensions import install_extension
from tests.servers import wait_until

OPTIONS = """\
  max_jobs: Number of jobs, each with the agents of one machine (default: 1).
  folder: Folder for the jobs' logs.
"""
EXAMPLE = python_blocks("extending.md", "Launchers")[0]
GROUP = "lightning_sweeps.launchers"
BUILT_IN = ", ".join(LAUNCHERS.names())
NOT_NAMED = """\
error: `--partition` was given without `--on`, and it is an option of the launchers slurm
hint: add the launcher, for example `--on slurm`
"""
NO_LAUNCHER = """\
error: `--launcher-option jobs=1` was given without `--on`
hint: name the launcher, for example `--on slurm`
"""

pytestmark = [pytest.mark.fault, pytest.mark.launch]


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
class TestExampleLauncher(LauncherContract):
    """The launcher in the docs fulfils the contract."""

    @pytest.fixture
    def launcher(self, client: Client, tmp_path: Path) -> Iterator[Launcher[Any]]:
        names: dict[str, Any] = {"__name__": "example_launcher"}
        exec(compile(EXAMPLE, "example", "exec", dont_inherit=True), names)  # noqa: S102 - the docs' own code
        yield names["ProcessLauncher"](names["ProcessOptions"](folder=tmp_path / "jobs"), read_settings())
        _reap_children()


def _reap_children() -> None:
    """Reap the jobs, as init would. In this test they are children of this process."""
    for child in psutil.Process().children():
        if child.status() == psutil.STATUS_ZOMBIE:
            child.wait()


def run_cli(*words: str, folder: Path, extension: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if extension is not None:
        environment["PYTHONPATH"] = str(extension)
    command = [sys.executable, "-m", "lightning_sweeps.cli", "agent", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_launcher_of_another_package_runs_a_sweep(client: Client, tmp_path: Path) -> None:
    extension = install_extension(tmp_path / "site", EXAMPLE, {GROUP: {"mine": "ProcessLauncher"}})
    sweep_id = make_sweep(client, tmp_path, "print('hello')\n", points=4)
    jobs = tmp_path / "jobs"
    options = [f"--launcher-option=folder={jobs}", "--launcher-option=max-jobs=2", "--cold", "--gpus=none"]
    done = run_cli(sweep_id, "--launcher=mine", *options, folder=tmp_path, extension=extension)
    assert (done.returncode, done.stderr) == (0, "")
    ids = done.stdout.removeprefix("Submitted ").partition(";")[0].split(", ")
    assert done.stdout == f"Submitted {', '.join(ids)}; logs: {jobs}\n"
    assert len(ids) == 2
    wait_until(lambda: client.sweep(sweep_id).state == "finished", timeout_s=60, what="the end of the sweep")
    wait_until(lambda: not any(psutil.pid_exists(int(job)) for job in ids), timeout_s=60, what="the end of the jobs")
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}
    assert "".join(path.read_text() for path in jobs.glob("*.log")).count("hello") == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--launcher=mine", "--launcher-option=color=red"],
            f"error: the launcher `mine` has no option `color`, allowed:\n{OPTIONS}",
        ),
        (
            ["--launcher=mine"],
            f"error: the launcher `mine` needs the option `folder`; options:\n{OPTIONS}",
        ),
        (
            ["--launcher=min"],
            f"error: there is no launcher `min`, allowed: {BUILT_IN}, mine\nhint: did you mean `mine`?\n",
        ),
        (
            ["--launcher=mine", "--launcher-option=jobs"],
            "error: `--launcher-option jobs` was given, allowed: name=value, for example `max_jobs=8`\n",
        ),
        (
            ["--launcher-option=jobs=1"],
            NO_LAUNCHER,
        ),
        (
            ["--launcher=mine", "--slurm"],
            "error: `--slurm` and `--on mine` were given\nhint: use only one of them\n",
        ),
        (
            ["--partition=gpu"],
            NOT_NAMED,
        ),
    ],
)
def test_the_error_for_a_wrong_command_line_lists_what_is_allowed(
    tmp_path: Path, options: list[str], message: str
) -> None:
    extension = install_extension(tmp_path / "site", EXAMPLE, {GROUP: {"mine": "ProcessLauncher"}})
    done = run_cli("sweep", *options, folder=tmp_path, extension=extension)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
