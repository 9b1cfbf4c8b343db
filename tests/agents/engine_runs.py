"""The same sweep of two-rank trials on every engine: to its end, and with jobs and agents that end too early."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.testing.launcher import LauncherContract
from tests.agents.trials import make_sweep
from tests.servers import wait_until

RANKS = """
import json, os, pathlib
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
with open(f"ran-{trial['params']['x']}-{os.environ['RANK']}", "a") as ran:
    ran.write(os.environ["WORLD_SIZE"] + "\\n")
"""
WAIT = "import pathlib, time\npathlib.Path('up').touch()\nwhile True:\n    time.sleep(0.05)\n"
RUN_S = 120.0
"""Time limit for what a job does, imports of torch's launcher included, on a slow machine."""


class EngineTests(LauncherContract):
    """Tests of a launcher on its real engine. Override `launcher`, and `cancel_by_engine` with the engine's words."""

    deadline_s = RUN_S

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        """End a job as a user of the engine does."""
        raise NotImplementedError

    def test_a_sweep_of_two_rank_trials_runs_to_its_end(
        self, launcher: Launcher[Any], client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, RANKS, points=3, resources={"processes": 2})
        jobs = launcher.submit(spec(sweep_id, tmp_path, jobs=2))
        with ended_jobs(launcher, jobs, tmp_path):
            wait_until(
                lambda: client.sweep(sweep_id).state == "finished" or not active(launcher, jobs),
                timeout_s=RUN_S,
                what="the end of the sweep",
            )
            assert client.sweep(sweep_id).counts.get("finished") == 3, [launcher.logs(job) for job in jobs]
            wait_until(lambda: not active(launcher, jobs), timeout_s=RUN_S, what="the end of the jobs")
        ran = {path.name: path.read_text() for path in tmp_path.glob("ran-*")}
        assert ran == {f"ran-{point}-{rank}": "2\n" for point in range(3) for rank in range(2)}

    def test_a_job_that_the_engine_cancels_returns_its_trial(
        self, launcher: Launcher[Any], client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, WAIT, points=1)
        jobs = launcher.submit(spec(sweep_id, tmp_path))
        with ended_jobs(launcher, jobs, tmp_path):
            wait_until((tmp_path / "up").exists, timeout_s=RUN_S, what="the trial")
            self.cancel_by_engine(launcher, jobs[0])
            wait_until(lambda: not active(launcher, jobs), timeout_s=RUN_S, what="the end of the job")
            wait_until(lambda: states(client, sweep_id) == ["pending"], timeout_s=RUN_S, what="the trial's return")

    def test_a_killed_agent_leaves_nothing_and_its_job_ends(
        self, launcher: Launcher[Any], client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, WAIT, points=1)
        jobs = launcher.submit(spec(sweep_id, tmp_path))
        with ended_jobs(launcher, jobs, tmp_path):
            wait_until((tmp_path / "up").exists, timeout_s=RUN_S, what="the trial")
            (agent,) = client.agents(sweep_id)
            os.kill(agent.pid, signal.SIGKILL)
            wait_until(lambda: not active(launcher, jobs), timeout_s=RUN_S, what="the end of the job")
            assert [job.state for job in launcher.jobs(jobs)] in (["failed"], ["unknown"], ["finished"], ["cancelled"])


def spec(sweep_id: str, folder: Path, *, jobs: int = 1) -> LaunchSpec:
    return LaunchSpec(sweep_id, AgentOptions(gpus="none", cold=True, grace_s=2), folder, jobs)


def active(launcher: Launcher[Any], jobs: list[str]) -> list[str]:
    return [job.id for job in launcher.jobs(jobs) if job.is_active]


def states(client: Client, sweep_id: str) -> list[str]:
    return [trial.state for trial in client.trials(sweep_id)]


@contextmanager
def ended_jobs(launcher: Launcher[Any], jobs: list[str], folder: Path) -> Iterator[None]:
    """Cancel the jobs at the end, and check that no process of a trial is left."""
    try:
        yield
    finally:
        launcher.cancel(jobs)
        wait_until(lambda: not active(launcher, jobs), timeout_s=RUN_S, what="the end of all jobs")
    wait_until(lambda: not processes_in(folder), timeout_s=RUN_S, what="the end of all processes")


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that run in a folder of a training program."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == folder:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError):
            continue
    return found
