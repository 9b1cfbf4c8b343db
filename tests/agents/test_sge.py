"""Agents as jobs of Grid Engine, on a real cell on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.agents.launchers.base import Job, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.job_process import JobFolder, job_environment
from lightning_sweeps.agents.launchers.sge import SgeLauncher, SgeOptions, parse_jobs, parse_reasons, submit_words
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LaunchError
from tests.agents.engine_runs import RUN_S, EngineTests, active, ended_jobs, spec
from tests.agents.gridengine import Cell, NoCellError, cell, missing_programs
from tests.agents.trials import make_sweep
from tests.servers import wait_until

RESUME = """
import json, os, pathlib, signal, sys, time
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
checkpoint = pathlib.Path("checkpoint")
if checkpoint.exists():
    pathlib.Path("resumed").write_text(checkpoint.read_text())
    sys.exit(0)

def save(*_):
    checkpoint.write_text(trial["id"])
    sys.exit(1)

signal.signal(signal.SIGTERM, save)
while True:
    time.sleep(0.05)
"""

pytestmark = [pytest.mark.fault, pytest.mark.slow]

LISTED = """<?xml version='1.0'?>
<job_info>
  <queue_info>
    <job_list state="running">
      <JB_job_number>7</JB_job_number><state>r</state><queue_name>work@node1.cluster</queue_name>
    </job_list>
  </queue_info>
  <job_info>
    <job_list state="pending"><JB_job_number>8</JB_job_number><state>qw</state><queue_name></queue_name></job_list>
    <job_list state="pending"><JB_job_number>9</JB_job_number><state>hqw</state><queue_name></queue_name></job_list>
    <job_list state="pending"><JB_job_number>10</JB_job_number><state>Eqw</state><queue_name></queue_name></job_list>
  </job_info>
</job_info>
"""
LINE = "=" * 62
REASONS = f"""{LINE}
job_number:                 8
scheduling info:            queue instance "work@node1" dropped because it is full
{LINE}
job_number:                 10
error reason          1:    can't get password entry for user "x"
"""


def test_the_list_of_jobs_is_read() -> None:
    assert list(parse_jobs(LISTED)) == [
        Job("7", "running", "node1.cluster"),
        Job("8", "pending"),
        Job("9", "pending", "", "held"),
        Job("10", "failed"),
    ]
    assert parse_reasons(REASONS) == {
        "8": 'queue instance "work@node1" dropped because it is full',
        "10": 'can\'t get password entry for user "x"',
    }


def test_a_job_requests_its_queue_time_and_gpus(tmp_path: Path) -> None:
    options = SgeOptions.parse(
        "sge", {"queue": ["gpu"], "time": ["1:00:00"], "resource": ["mem=4G"], "qsub": ["P=physics"], "cpus": ["4"]}
    )
    launch = LaunchSpec("sweep", AgentOptions(gpus_per_trial=2, grace_s=60), tmp_path)
    words = submit_words(options, JobFolder(tmp_path), launch)
    resources = "mem=4G,gpu=2,h_rt=3600,s_rt=3510"
    assert words[words.index("-q") :] == ["-q", "gpu", "-pe", "smp", "4", "-l", resources, "-P", "physics"]


def test_a_job_has_the_environment_of_its_submission_and_what_the_scheduler_sets() -> None:
    submitted = {"PATH": "/venv/bin:/bin", "TMPDIR": "/home/me/tmp", "LIGHTNING_SWEEPS_URL": "http://a"}
    own = {"PATH": "/bin", "TMPDIR": "/scratch/7", "JOB_ID": "7"}
    assert job_environment(submitted, own) == {
        "PATH": "/venv/bin:/bin",
        "TMPDIR": "/scratch/7",
        "LIGHTNING_SWEEPS_URL": "http://a",
        "JOB_ID": "7",
    }


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    if missing := missing_programs():
        pytest.skip(missing)
    with ExitStack() as stack:
        try:
            found = stack.enter_context(cell(tmp_path_factory.mktemp("sge")))
        except NoCellError as error:
            pytest.skip(str(error))
        yield found


class TestGridEngine(EngineTests):
    """The launcher on a real cell."""

    @pytest.fixture
    def launcher(self, grid: Cell, engine_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> SgeLauncher:
        for name, value in grid.environment.items():
            monkeypatch.setenv(name, value)
        return SgeLauncher(SgeOptions(), engine_settings)

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        assert "registered" in subprocess.check_output(["qdel", job_id], text=True)

    def test_a_job_that_reaches_its_limit_is_queued_again_and_its_trial_resumes(
        self, launcher: SgeLauncher, client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, RESUME, points=1)
        limited = SgeLauncher(SgeOptions.parse("sge", {"time": ["1"]}), launcher.settings)
        jobs = limited.submit(spec(sweep_id, tmp_path))
        with ended_jobs(launcher, jobs, tmp_path):
            wait_until((tmp_path / "resumed").exists, timeout_s=2 * RUN_S, what="the second attempt")
            wait_until(lambda: not active(launcher, jobs), timeout_s=RUN_S, what="the end of the job")
        (trial,) = client.trials(sweep_id)
        assert (trial.state, trial.attempt, (tmp_path / "resumed").read_text()) == ("finished", 2, trial.id)
        assert [job.state for job in launcher.jobs(jobs)] == ["finished"]

    def test_rejected_jobs_leave_nothing(self, launcher: SgeLauncher, tmp_path: Path) -> None:
        wrong = SgeLauncher(SgeOptions(queue="no_such_queue"), launcher.settings)
        with pytest.raises(LaunchError, match='requests unknown queue "no_such_queue"'):
            wrong.submit(spec("sweep", tmp_path))
        assert launcher.list_jobs() == {}
