"""Agents as jobs: what is checked and made before they are submitted, the list of jobs, and scaling."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from lightning_sweeps.agents.launchers.base import Job
from lightning_sweeps.agents.launchers.overview import look_at
from lightning_sweeps.agents.launchers.slurm import SlurmOptions
from lightning_sweeps.agents.launchers.submissions import Submission
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import Agent, KeyCreate
from tests.agents.test_launchers import EXAMPLE, GROUP
from tests.agents.trials import make_sweep
from tests.extensions import install_extension
from tests.servers import wait_until

WAIT = "import time\nprint('it runs', flush=True)\nwhile True:\n    time.sleep(0.05)\n"
JOB_S = 60

pytestmark = [pytest.mark.fault, pytest.mark.launch]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., tuple[list[str], dict[str, Any]]]:
    """Return a function that makes the words and the keyword arguments of a command with the docs' launcher."""
    extension = install_extension(tmp_path / "site", EXAMPLE, {GROUP: {"mine": "ProcessLauncher"}})

    def words(*given: str) -> tuple[list[str], dict[str, Any]]:
        environ = {**environment(), "PYTHONPATH": str(extension)}
        return [sys.executable, "-m", "lightning_sweeps.cli", *given], {"cwd": tmp_path, "env": environ, "text": True}

    return words


@pytest.fixture
def run(command: Callable[..., tuple[list[str], dict[str, Any]]]) -> Run:
    def run_one(*given: str) -> subprocess.CompletedProcess[str]:
        words, options = command(*given)
        return subprocess.run(words, capture_output=True, timeout=JOB_S, check=False, **options)

    return run_one


def on_mine(sweep_id: str, folder: Path, *more: str) -> list[str]:
    return ["agent", sweep_id, "--on", "mine", "--folder", str(folder / "jobs"), "--cold", "--gpus=none", *more]


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    done = run("agents", *words, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def key_names(client: Client) -> set[str]:
    return {key.name for key in client.api_keys() if key.name.startswith("jobs ")}


def has_ended(pid: str) -> bool:
    return not psutil.pid_exists(int(pid))


def test_jobs_are_listed_until_they_end_and_their_key_is_revoked(client: Client, tmp_path: Path, run: Run) -> None:
    sweep_id = make_sweep(client, tmp_path, WAIT, points=1, project="digits")
    done = run(*on_mine(sweep_id, tmp_path))
    assert done.returncode == 0, done.stderr
    (made,) = [key for key in client.api_keys() if key.name.startswith("jobs ")]
    assert (made.role, made.projects) == ("write", ["digits"])
    assert made.expires is not None
    wait_until(lambda: rows(run, sweep_id)[0]["state"] == "running", timeout_s=JOB_S, what="the agent")
    (row,) = rows(run)
    assert (row["launcher"], row["sweep"], row["agents"]) == ("mine", sweep_id, 1)
    wait_until(lambda: "it runs" in run("agents", "--logs", row["id"]).stdout, timeout_s=JOB_S, what="the output")
    assert key_names(client) == {made.name}
    assert run("agents", "--cancel", row["id"]).returncode == 0
    wait_until(lambda: has_ended(row["id"]), timeout_s=JOB_S, what="the end of the job")
    assert [trial.state for trial in client.trials(sweep_id)] == ["pending"]
    assert rows(run)[0]["state"] == "ended"
    assert key_names(client) == set()
    assert "No jobs." in run("agents", make_sweep(client, tmp_path, WAIT)).stdout


def test_jobs_use_the_key_of_a_user_who_may_not_make_keys(
    client: Client, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_id = make_sweep(client, tmp_path, "print('hello')\n", points=1)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", client.create_key(KeyCreate("a person")).key)
    assert run(*on_mine(sweep_id, tmp_path)).returncode == 0
    wait_until(lambda: client.sweep(sweep_id).state == "finished", timeout_s=JOB_S, what="the end of the sweep")
    (row,) = rows(run)
    wait_until(lambda: has_ended(row["id"]), timeout_s=JOB_S, what="the end of the job")
    assert key_names(client) == set()


def test_a_dry_run_prints_the_command_and_submits_nothing(client: Client, tmp_path: Path, run: Run) -> None:
    sweep_id = make_sweep(client, tmp_path, WAIT)
    done = run(*on_mine(sweep_id, tmp_path, "--dry-run"))
    assert f"-m lightning_sweeps.tuner {sweep_id} --gpus=none --cold" in done.stdout
    assert (done.returncode, key_names(client), (tmp_path / "jobs").exists()) == (0, set(), False)


def test_nothing_is_submitted_if_the_server_does_not_answer(
    client: Client, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", "http://127.0.0.1:9")
    done = run(*on_mine("0123456789", tmp_path))
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr
    assert not (tmp_path / "jobs").exists()


def test_the_key_of_jobs_that_cannot_be_submitted_is_revoked(client: Client, tmp_path: Path, run: Run) -> None:
    (tmp_path / "jobs").write_text("a file where the launcher needs a folder")
    done = run(*on_mine(make_sweep(client, tmp_path, WAIT), tmp_path))
    assert done.returncode == 1
    assert key_names(client) == set()
    assert list(Home(read_settings().home).submissions.glob("*")) == []


def test_a_job_that_is_not_known_is_an_error(client: Client, run: Run) -> None:
    done = run("agents", "--cancel", "12345")
    assert (done.returncode, done.stderr) == (
        2,
        "error: no job `12345` was submitted from here\nhint: `lightning-sweeps agents` lists the jobs\n",
    )


def test_scaled_jobs_run_a_sweep_and_end_with_it(client: Client, tmp_path: Path, run: Run) -> None:
    sweep_id = make_sweep(client, tmp_path, "print('hello')\n", points=3)
    done = run(*on_mine(sweep_id, tmp_path, "--scale", "0..2"))
    assert (done.returncode, done.stderr) == (0, "")
    first = done.stdout.splitlines()[0].removeprefix("Submitted ").split(", ")
    assert len(first) == 2
    assert client.sweep(sweep_id).counts["finished"] == 3
    assert {row["state"] for row in rows(run)} == {"ended"}
    assert key_names(client) == set()
    jobs = [row["id"] for row in rows(run)]
    wait_until(lambda: all(has_ended(job) for job in jobs), timeout_s=JOB_S, what="the end of the jobs")


def test_a_signal_cancels_scaled_jobs(
    client: Client, tmp_path: Path, command: Callable[..., tuple[list[str], dict[str, Any]]]
) -> None:
    sweep_id = make_sweep(client, tmp_path, WAIT, points=2)
    words, options = command(*on_mine(sweep_id, tmp_path, "--scale", "1..1"))
    scaler = subprocess.Popen(words, stdout=subprocess.PIPE, **options)
    wait_until(lambda: client.sweep(sweep_id).counts.get("running") == 1, timeout_s=JOB_S, what="the trial")
    scaler.send_signal(signal.SIGTERM)
    said, _ = scaler.communicate(timeout=JOB_S)
    job = said.split()[1]
    assert said == f"Submitted {job}\nCancelled {job}\n"
    wait_until(lambda: has_ended(job), timeout_s=JOB_S, what="the end of the job")
    assert client.sweep(sweep_id).counts.get("running", 0) == 0
    assert key_names(client) == set()


def test_jobs_that_all_fail_end_the_scaling_with_their_words(client: Client, tmp_path: Path, run: Run) -> None:
    sweep_id = make_sweep(client, tmp_path, WAIT)
    done = run(*on_mine(sweep_id, tmp_path, "--scale", "1..4", "--allow-program", "other.py"))
    assert done.returncode == 1
    assert "jobs ended before an agent started: " in done.stderr
    assert "other.py" in done.stderr


def agent(host: str, registered: float, state: Any = "working") -> Agent:
    return Agent("a", "s", host, "n", 1, 0, [], state, None, 0, registered, registered)


@pytest.mark.parametrize(
    ("job", "agents", "state", "why"),
    [
        (Job("1", "pending", "", "Resources"), [agent("one", 5)], "queued", "Resources"),
        (Job("1", "running", "one"), [], "starting", ""),
        (Job("1", "running", "one"), [agent("one", 1), agent("two", 9), agent("one", 9, "gone")], "starting", ""),
        (Job("1", "running", "one.cluster"), [agent("one", 9)], "running", ""),
        (Job("1", "failed", "", "exit status 3"), [], "ended", "exit status 3"),
        (Job("1", "cancelled"), [], "ended", "cancelled"),
        (Job("1", "unknown"), [], "ended", ""),
    ],
)
def test_the_state_of_a_job_is_what_scheduler_and_server_say(
    job: Job, agents: list[Agent], state: str, why: str
) -> None:
    submission = Submission("i", "slurm", {}, "s", "", ["1"], "", submitted=4)
    (row,) = look_at(submission, [job], agents)
    assert (row.state, row.reason) == (state, why)


def test_a_sweep_file_sets_what_a_job_needs_and_nothing_else() -> None:
    slurm: dict[str, object] = {"partition": "gpu", "time": 60}
    config = {"resources": {"launchers": {"slurm": slurm, "ray": {"cpus": 2}}}}
    assert SlurmOptions.of_sweep("slurm", config) == {"partition": ["gpu"], "time": ["60"]}
    assert SlurmOptions.of_sweep("slurm", {}) == {}
    slurm["sbatch"] = "wrap=x"
    with pytest.raises(UsageError, match=r"sets `resources.launchers.slurm.sbatch`, allowed there: partition, time"):
        SlurmOptions.of_sweep("slurm", config)
