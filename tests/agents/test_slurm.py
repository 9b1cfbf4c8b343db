"""Agents as Slurm jobs, on a real cluster of two nodes on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from lightning_sweeps.agents.launchers.base import LaunchSpec
from lightning_sweeps.agents.launchers.registry import make_launcher
from lightning_sweeps.agents.launchers.slurm import SlurmLauncher, SlurmOptions, job_parameters
from lightning_sweeps.agents.launchers.time_limits import minutes
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.testing.launcher import LauncherContract
from tests.agents.slurm import Cluster, NoClusterError, cluster, missing_programs
from tests.agents.trials import make_sweep
from tests.servers import running_server, wait_until

WRITE = """
import json, os, pathlib, time
names = [name for name in os.environ if name.startswith(("SLURM_STEP", "SLURM_PROCID", "SLURM_NTASKS"))]
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
path = pathlib.Path(f"ran-{trial['params']['x']}")
path.with_suffix(".part").write_text(json.dumps([os.environ["SLURMD_NODENAME"], names]))
path.with_suffix(".part").rename(path)
while not (pathlib.Path("ran-0").exists() and pathlib.Path("ran-1").exists()):
    time.sleep(0.05)  # each node has a trial at the same time
"""
RESUME = """
import json, os, pathlib, signal, sys, time
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
checkpoint = pathlib.Path("checkpoint")
if checkpoint.exists():
    said = [checkpoint.read_text(), trial["attempt"], os.environ["SLURM_RESTART_COUNT"]]
    pathlib.Path("resumed").write_text(json.dumps(said))
    sys.exit(0)

def save(*_):
    checkpoint.write_text(trial["id"])
    sys.exit(1)

signal.signal(signal.SIGTERM, save)
pathlib.Path("up").touch()
while True:
    time.sleep(0.05)
"""
JOB_S = 60
"""Time limit from submission to the end of a short trial, including imports of several processes, on a slow machine."""

Running = tuple[Client, ServerFile]

pytestmark = [pytest.mark.fault, pytest.mark.slow]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("120", 120), ("90:30", 91), ("2:00:00", 120), ("1-12", 2160), ("1-12:30", 2190), ("0-00:00:01", 1)],
)
def test_a_time_limit_is_read_as_slurm_reads_it(text: str, expected: int) -> None:
    assert minutes(text) == expected


@pytest.mark.parametrize("text", ["", "a day", "0", "1:2:3:4", "-5"])
def test_an_invalid_time_limit_is_rejected(text: str) -> None:
    with pytest.raises(UsageError, match="`--time "):
        minutes(text)


def test_jobs_request_the_gpus_of_their_slots() -> None:
    options = SlurmOptions(partition="gpu", time="60", sbatch=["qos=x"])
    wanted = job_parameters(spec(AgentOptions(gpus_per_trial=2, slots=2, grace_s=60)), options)
    assert (wanted["slurm_gpus_per_node"], wanted["slurm_partition"], wanted["timeout_min"]) == (4, "gpu", 60)
    assert (wanted["slurm_signal_delay_s"], wanted["slurm_array_parallelism"]) == (90, 8)
    assert wanted["slurm_additional_parameters"] == {"requeue": True, "qos": "x"}
    assert "slurm_gpus_per_node" not in job_parameters(spec(AgentOptions(gpus="none")), SlurmOptions())


def spec(options: AgentOptions) -> LaunchSpec:
    return LaunchSpec("sweep", options, Path.cwd(), jobs=8)


def test_jobs_need_a_server_that_they_can_reach(home: Path) -> None:
    with pytest.raises(UsageError, match="without a server that the jobs' machines can reach"):
        make_launcher("slurm", {}, read_settings())


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"queue": ["x"]}, "the launcher `slurm` has no option `queue`, allowed:\n  max_jobs: Number of jobs"),
        ({"max_jobs": ["0"]}, "`max_jobs=0` was given for the launcher `slurm`: Input should be greater than or equal"),
        ({"max_jobs": ["1", "2"]}, "`max_jobs` of the launcher `slurm` was given 2 times, allowed: once"),
        ({"time": ["a day"]}, "`--time a day` was given, allowed: minutes, or [days-]hours:minutes:seconds"),
        ({"sbatch": ["qos"]}, "`--sbatch qos` was given, allowed: name=value"),
    ],
)
def test_a_wrong_option_is_reported_with_the_allowed_values(options: dict[str, list[str]], part: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_launcher("slurm", options, read_settings({"LIGHTNING_SWEEPS_URL": "http://127.0.0.1:1"}))
    assert part in caught.value.message


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing := missing_programs():
        pytest.skip(missing)
    with ExitStack() as stack:
        try:
            found = stack.enter_context(cluster(tmp_path_factory.mktemp("slurm")))
        except NoClusterError as error:
            pytest.skip(str(error))
        yield found


@pytest.fixture
def server(home: Path) -> Iterator[Running]:
    with running_server(home / "server") as running:
        yield running


def environment_of(slurm: Cluster, server: ServerFile, home: Path) -> Mapping[str, str]:
    own = {"HOME": str(home), "URL": server.url, "API_KEY": server.token}
    return slurm.environment | {f"LIGHTNING_SWEEPS_{name}": value for name, value in own.items()}


class TestLauncherContract(LauncherContract):
    """The Slurm launcher fulfils the contract on the real cluster."""

    @pytest.fixture
    def launcher(self, slurm: Cluster, server: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> SlurmLauncher:
        environment = environment_of(slurm, server[1], home)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return SlurmLauncher(SlurmOptions(time="10"), read_settings())


def submit_agents(sweep_id: str, *options: str, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Submit agents through the command line; return the ids of the jobs."""
    words = [sys.executable, "-m", "lightning_sweeps.cli", "agent", sweep_id, "--slurm", "--cold", "--gpus=none"]
    done = subprocess.run(
        [*words, *options], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Submitted ")
    return done.stdout.removeprefix("Submitted ").partition(";")[0].split(", ")


def printed(home: Path) -> str:
    return "\n".join(f"== {path.name}\n{path.read_text()}" for path in Home(home).job_logs("slurm").glob("*_log.*"))


def wait_for_state(client: Client, sweep_id: str, *, slurm: Cluster, home: Path) -> None:
    try:
        wait_until(lambda: client.sweep(sweep_id).state == "finished", timeout_s=JOB_S, what="the end of the sweep")
    except AssertionError as error:
        raise AssertionError(f"{slurm.run('squeue', '--long')}\n{printed(home)}") from error


def test_jobs_on_two_nodes_share_a_sweep(slurm: Cluster, server: Running, home: Path, tmp_path: Path) -> None:
    client, described = server
    sweep_id = make_sweep(client, tmp_path, WRITE, points=3)
    environment = environment_of(slurm, described, home)
    jobs = submit_agents(
        sweep_id, "--partition=work", "--max-jobs=2", "--time=10", folder=tmp_path, environment=environment
    )
    assert len(jobs) == 2
    wait_for_state(client, sweep_id, slurm=slurm, home=home)
    said = [json.loads((tmp_path / f"ran-{point}").read_text()) for point in range(3)]
    assert {node for node, _ in said[:2]} == {"one", "two"}
    assert [names for _, names in said] == [[], [], []]
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}
    wait_until(lambda: not slurm.run("squeue", "--noheader").strip(), timeout_s=JOB_S, what="the end of the jobs")


def test_srun_starts_agents_on_every_node(slurm: Cluster, server: Running, home: Path, tmp_path: Path) -> None:
    client, described = server
    sweep_id = make_sweep(client, tmp_path, WRITE, points=2)
    agent = [sys.executable, "-m", "lightning_sweeps.cli", "agent", sweep_id, "--cold"]
    environment = environment_of(slurm, described, home)
    done = subprocess.run(
        ["srun", "--nodes=2", "--ntasks=2", *agent],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=JOB_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {json.loads((tmp_path / f"ran-{point}").read_text())[0] for point in (0, 1)} == {"one", "two"}
    assert client.sweep(sweep_id).state == "finished"


@pytest.mark.parametrize("how", ["notice", "preemption"])
def test_a_job_that_must_end_is_queued_again_and_its_trial_resumes(
    slurm: Cluster, server: Running, home: Path, tmp_path: Path, how: str
) -> None:
    client, described = server
    sweep_id = make_sweep(client, tmp_path, RESUME, points=1)
    environment = environment_of(slurm, described, home)
    options = ["--time=10", "--sbatch=nodelist=one", "--grace-s=20"]
    (job,) = submit_agents(sweep_id, *options, folder=tmp_path, environment=environment)
    wait_until((tmp_path / "up").exists, timeout_s=JOB_S, what="the trial")
    if how == "notice":
        slurm.run("scancel", "--signal=USR2", job)  # as Slurm does ahead of the time limit
    else:
        slurm.run("srun", "--partition=urgent", "--nodelist=one", "true")
    wait_until(lambda: "PENDING" in slurm.run("squeue", "--noheader", "--format=%T"), timeout_s=JOB_S, what="the queue")
    slurm.run("scontrol", "update", f"JobId={job}", "StartTime=now+3")  # on its own it waits for two minutes
    wait_for_state(client, sweep_id, slurm=slurm, home=home)
    (trial,) = client.trials(sweep_id)
    assert json.loads((tmp_path / "resumed").read_text()) == [trial.id, 2, "1"]
    assert (trial.state, trial.attempt) == ("finished", 2)
    wait_until(lambda: not slurm.run("squeue", "--noheader").strip(), timeout_s=JOB_S, what="the end of the job")
