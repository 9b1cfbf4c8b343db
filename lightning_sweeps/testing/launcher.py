"""The contract of launchers. It runs real sweeps, so it needs a scheduler and a server that answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import UsageError

POLL_S = 0.2
PRINT = 'print("the trial runs")\n'
WAIT = "import time\nwhile True:\n    time.sleep(0.1)\n"


class LauncherContract:
    """Tests that a launcher must pass. Override `launcher`.

    Attributes:
        deadline_s: how long a job may take to start, and to end.
    """

    deadline_s = 90.0

    @pytest.fixture
    def launcher(self) -> Launcher[Any]:
        """Return the launcher to test.

        Its settings name the server for the sweeps. Its jobs must find that server too, for example through the
        variables `LIGHTNING_SWEEPS_URL` and `LIGHTNING_SWEEPS_API_KEY`, and must reach pytest's temporary folders.
        """
        raise NotImplementedError("override the fixture `launcher`")

    def test_every_option_has_a_description(self, launcher: Launcher[Any]) -> None:
        """Every option has a description, which messages show."""
        fields = launcher.options_model.model_fields
        assert [name for name, field in fields.items() if not field.description] == []

    def test_no_option_has_the_name_of_an_agents_option(self, launcher: Launcher[Any]) -> None:
        """The command line has both kinds of options."""
        assert {*launcher.options_model.model_fields} & {option.name for option in fields(AgentOptions)} == set()

    def test_an_unknown_option_is_rejected(self, launcher: Launcher[Any]) -> None:
        """An unknown option is a usage error."""
        with pytest.raises(UsageError, match="has no option `no_such_option`"):
            launcher.options_model.parse("x", {"no_such_option": ["1"]})

    def test_jobs_run_a_sweep_and_their_logs_can_be_read(self, launcher: Launcher[Any], tmp_path: Path) -> None:
        """The jobs run a sweep to its end, then exit, and their logs contain the trial's output."""
        with connect(settings=launcher.settings) as client:
            spec = _create_sweep(client, tmp_path, PRINT)
            job_ids = launcher.submit(spec)
            assert job_ids
            assert len(set(job_ids)) == len(job_ids)
            with _cancelled_at_the_end(launcher, job_ids):
                self._wait_for(lambda: client.sweep(spec.sweep_id).state == "finished", "the end of the sweep")
                self._wait_for(lambda: not _active(launcher, job_ids), "the end of the jobs")
                assert {job.state for job in launcher.jobs(job_ids)} <= {"finished", "unknown"}
                logs = "".join(launcher.logs(job_id) for job_id in job_ids)
                assert "the trial runs" in logs

    def test_a_cancelled_job_ends_and_its_trial_returns_to_the_sweep(
        self, launcher: Launcher[Any], tmp_path: Path
    ) -> None:
        """A cancelled job ends, and its trial is pending again. Cancelling it twice is allowed."""
        with connect(settings=launcher.settings) as client:
            spec = _create_sweep(client, tmp_path, WAIT)
            job_ids = launcher.submit(spec)
            with _cancelled_at_the_end(launcher, job_ids):
                self._wait_for(lambda: _trial_state(client, spec) == "running", "the start of the trial")
                assert {job.state for job in launcher.jobs(job_ids)} <= {"pending", "running"}
                assert [job.id for job in launcher.jobs(job_ids)] == job_ids
                assert any(job.state == "running" for job in launcher.jobs(job_ids))
                launcher.cancel(job_ids)
                self._wait_for(lambda: not _active(launcher, job_ids), "the end of the jobs")
                launcher.cancel(job_ids)
                self._wait_for(lambda: _trial_state(client, spec) == "pending", "the return of the trial")

    def test_a_job_that_does_not_exist_is_unknown(self, launcher: Launcher[Any]) -> None:
        """A job that the scheduler does not know has the state `unknown` and no logs, and cancelling it is allowed."""
        assert [job.state for job in launcher.jobs(["999999"])] == ["unknown"]
        launcher.cancel(["999999"])
        assert launcher.logs("999999") == ""

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self.deadline_s
        while not condition():
            assert time.monotonic() < deadline, f"waited {self.deadline_s} s for {what}"
            time.sleep(POLL_S)


def _create_sweep(client: Client, folder: Path, program: str) -> LaunchSpec:
    """Create a sweep with one trial that runs `program`."""
    (folder / "train.py").write_text(program)
    config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [0]}}}
    sweep = client.create_sweep(m.SweepCreate(config))
    return LaunchSpec(sweep.id, AgentOptions(gpus="none", cold=True), folder)


def _trial_state(client: Client, spec: LaunchSpec) -> str:
    return next((trial.state for trial in client.trials(spec.sweep_id)), "")


def _active(launcher: Launcher[Any], job_ids: list[str]) -> list[str]:
    return [job.id for job in launcher.jobs(job_ids) if job.state in ("pending", "running")]


@contextmanager
def _cancelled_at_the_end(launcher: Launcher[Any], job_ids: list[str]) -> Iterator[None]:
    """Cancel all jobs at the end, even if the test fails."""
    try:
        yield
    finally:
        launcher.cancel(job_ids)
