"""Agents on other machines over ssh, with a real ssh server on this machine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lightning_sweeps.agents.launchers.base import Launcher
from lightning_sweeps.agents.launchers.ssh import SshLauncher, SshOptions
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import LaunchError, UsageError
from tests.agents.engine_runs import RUN_S, WAIT, EngineTests, active, ended_jobs, spec, states
from tests.agents.sshd import SshServer, missing_programs, ssh_server
from tests.agents.trials import make_sweep
from tests.servers import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.slow]


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    if missing := missing_programs():
        pytest.skip(missing)
    with ssh_server(tmp_path_factory.mktemp("sshd")) as found:
        yield found


def options(sshd: SshServer, **more: Any) -> SshOptions:
    return SshOptions(**{"host": [sshd.host], "ssh": list(sshd.options), "python": sys.executable} | more)


def job_process(folder: Path) -> psutil.Process:
    """Return the process that runs the agents of the only job."""
    module = "lightning_sweeps.agents.launchers.job_process"
    lines = {process: process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"])}
    (found,) = [process for process, line in lines.items() if module in line and str(folder) in line[-1]]
    return found


class TestSsh(EngineTests):
    """The launcher on a real ssh server."""

    @pytest.fixture
    def launcher(self, sshd: SshServer, engine_settings: Settings) -> SshLauncher:
        return SshLauncher(options(sshd), engine_settings)

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        job_process(launcher.settings.home).terminate()  # as a person on that machine does

    def test_a_killed_job_process_takes_its_agents_along(
        self, launcher: SshLauncher, client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, WAIT, points=1)
        jobs = launcher.submit(spec(sweep_id, tmp_path))
        with ended_jobs(launcher, jobs, tmp_path):
            wait_until((tmp_path / "up").exists, timeout_s=RUN_S, what="the trial")
            job_process(launcher.settings.home).kill()
            wait_until(lambda: states(client, sweep_id) == ["pending"], timeout_s=RUN_S, what="the trial's return")
            (job,) = launcher.jobs(jobs)
            assert (job.state, job.reason) == ("failed", "it was killed, or its machine restarted")

    def test_agents_end_with_their_connection_if_that_is_wanted(
        self, sshd: SshServer, launcher: SshLauncher, client: Client, tmp_path: Path
    ) -> None:
        sweep_id = make_sweep(client, tmp_path, WAIT, points=1)
        held = SshLauncher(options(sshd, with_connection=True), launcher.settings)
        jobs = held.submit(spec(sweep_id, tmp_path))
        with ended_jobs(held, jobs, tmp_path):
            wait_until((tmp_path / "up").exists, timeout_s=RUN_S, what="the trial")
            assert active(held, jobs) == jobs
            (connection,) = [child for child in psutil.Process().children() if child.name() == "ssh"]
            os.kill(connection.pid, signal.SIGKILL)
            wait_until(lambda: not active(held, jobs), timeout_s=RUN_S, what="the end of the job")
            connection.wait()
            assert states(client, sweep_id) == ["pending"]

    def test_what_a_host_lacks_is_said_before_anything_is_submitted(
        self, sshd: SshServer, launcher: SshLauncher, tmp_path: Path
    ) -> None:
        launcher.check(spec("sweep", tmp_path))
        with pytest.raises(LaunchError, match=r"`.*` cannot run jobs: there is no folder `/no/such/folder`"):
            SshLauncher(options(sshd, folder="/no/such/folder"), launcher.settings).check(spec("sweep", tmp_path))
        with pytest.raises(LaunchError, match="/no/such/python"):
            SshLauncher(options(sshd, python="/no/such/python"), launcher.settings).check(spec("sweep", tmp_path))
        away = read_settings({"LIGHTNING_SWEEPS_URL": "http://127.0.0.1:9", "LIGHTNING_SWEEPS_HOME": str(tmp_path)})
        with pytest.raises(LaunchError, match=r"cannot reach the server at `http://127.0.0.1:9`: .*refused"):
            SshLauncher(options(sshd), away).check(spec("sweep", tmp_path))

    def test_a_host_that_cannot_be_reached_is_an_error_in_the_words_of_ssh(
        self, sshd: SshServer, launcher: SshLauncher, tmp_path: Path
    ) -> None:
        wrong = SshOptions(host=["127.0.0.1"], ssh=["Port=9", "StrictHostKeyChecking=no"])
        for held in (False, True):
            lost = SshLauncher(wrong.model_copy(update={"with_connection": held}), launcher.settings)
            with pytest.raises(LaunchError, match="Connection refused"):
                lost.submit(spec("sweep", tmp_path))


def test_each_host_gets_one_job_unless_another_number_is_given() -> None:
    assert SshOptions.parse("ssh", {"host": ["a", "b", "c"]}).job_count == 3
    assert SshOptions.parse("ssh", {"host": ["a"], "max_jobs": ["2"]}).job_count == 2
    with pytest.raises(UsageError, match="the launcher `ssh` needs the option `host`"):
        SshOptions.parse("ssh", {})
