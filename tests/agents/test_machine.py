"""One command runs several slots: torchrun starts the agents, and none of its variables reaches a trial."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lightning_sweeps.client import Client
from tests.agents.trials import finish, make_sweep, run_agents, start_agent
from tests.fakes.gpus import fake_nvml_environment
from tests.servers import wait_until

pytestmark = pytest.mark.launch

SHOW_ENVIRONMENT = """
import json, os
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
json.dump(dict(os.environ), open(f"environment-{trial['params']['x']}.json", "w"))
"""
MEET = """
import os, sys, torch, torch.distributed as dist
dist.init_process_group("gloo")
ones = torch.ones(1)
dist.all_reduce(ones)
value = torch.tensor([float(sys.argv[1].split("=")[1])])
dist.broadcast(value, 0)
open(f"met-{sys.argv[1][4:]}-{dist.get_rank()}", "w").write(f"{ones.item()} {value.item()} {os.environ['WORLD_SIZE']}")
dist.destroy_process_group()
"""
FAIL_ON_ONE = """
import os, time
if os.environ["RANK"] == "1":
    raise RuntimeError("rank one cannot")
time.sleep(60)
"""
STAY = """
import os, pathlib, subprocess, time
subprocess.Popen(["sleep", "600"], start_new_session=True)
pathlib.Path(f"up-{os.getpid()}").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


def test_two_slots_share_the_points_and_no_launcher_variable_reaches_a_trial(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW_ENVIRONMENT, points=6)
    ended = run_agents(sweep_id, "--slots=2", folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}
    assert {agent.slot for agent in client.agents(sweep_id)} == {0, 1}
    for point in range(6):
        environment = json.loads((tmp_path / f"environment-{point}.json").read_text())
        leaked = {"RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT", "LOGLEVEL"} & set(environment)
        assert not leaked
        assert not any(name.startswith("TORCHELASTIC_") for name in environment)
        assert environment.get("OMP_NUM_THREADS") == os.environ.get("OMP_NUM_THREADS")


def test_trials_of_two_ranks_in_two_slots_never_join_one_process_group(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, MEET, points=2)
    ended = run_agents(sweep_id, "--slots=2", "--processes-per-trial=2", folder=tmp_path)
    assert ended.status == 0, ended.err
    for point in range(2):
        for rank in range(2):
            assert (tmp_path / f"met-{point}-{rank}").read_text() == f"2.0 {float(point)} 2"


def test_the_rank_that_failed_is_named_with_its_traceback(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, FAIL_ON_ONE, points=1, resources={"processes": 2})
    run_agents(sweep_id, folder=tmp_path)
    (trial,) = client.trials(sweep_id)
    assert trial.reason == "rank 1: RuntimeError: rank one cannot"
    assert trial.stderr_tail.endswith("RuntimeError: rank one cannot")


def test_a_sweep_whose_trials_all_failed_is_a_failure(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "raise ValueError('no data')", points=2, max_failures=9)
    ended = run_agents(sweep_id, folder=tmp_path)
    assert ended.status == 1
    assert "all trials of the sweep failed; trial 2: ValueError: no data\n" in ended.err


def test_count_is_over_all_slots(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "", points=9)
    assert run_agents(sweep_id, "--slots=2", "--count=3", folder=tmp_path).status == 0
    assert [trial.state for trial in client.trials(sweep_id)].count("finished") == 3


def test_eight_simulated_gpus_run_four_trials_of_two_at_once(client: Client, tmp_path: Path) -> None:
    wait = """
import pathlib, time
while len(list(pathlib.Path(".").glob("environment-*"))) < 4:
    time.sleep(0.02)
"""
    sweep_id = make_sweep(client, tmp_path, SHOW_ENVIRONMENT + wait, points=4)
    options = ["--gpus-per-trial=2", "--processes-per-trial=1"]
    environment = fake_nvml_environment(gpus=8)
    ended = finish(start_agent(sweep_id, *options, folder=tmp_path, environment=environment), folder=tmp_path)
    assert ended.status == 0, ended.err
    visible = {
        json.loads((tmp_path / f"environment-{point}.json").read_text())["CUDA_VISIBLE_DEVICES"] for point in range(4)
    }
    assert visible == {"0,1", "2,3", "4,5", "6,7"}
    for trial in client.trials(sweep_id):
        assert trial.gpus == 2
        assert (trial.gpu_s or 0.0) > 0
    assert sorted(agent.gpus for agent in client.agents(sweep_id)) == [["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"]]


def two_running(client: Client, folder: Path) -> tuple[str, subprocess.Popen[str], list[int]]:
    sweep_id = make_sweep(client, folder, STAY, points=4)
    agent = start_agent(sweep_id, "--slots=2", "--count=2", folder=folder)
    wait_until(lambda: len(list(folder.glob("up-*"))) == 2, what="two trials")
    return sweep_id, agent, [int(path.name[3:]) for path in folder.glob("up-*")]


def assert_gone(pids: list[int]) -> None:
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids), timeout_s=5, what="the end of every trial")


def test_ctrl_c_reaches_every_agent_as_ctrl_c(client: Client, tmp_path: Path) -> None:
    sweep_id, command, _ = two_running(client, tmp_path)
    command.send_signal(signal.SIGINT)
    wait_until(lambda: (tmp_path / "agent.out").read_text().count("will be finished") == 2, what="both agents' message")
    (tmp_path / "go").touch()
    ended = finish(command, folder=tmp_path)
    assert (ended.status, ended.err) == (130, "")
    assert [trial.state for trial in client.trials(sweep_id)].count("finished") == 2


def test_sigterm_ends_every_trial(client: Client, tmp_path: Path) -> None:
    sweep_id, command, pids = two_running(client, tmp_path)
    command.terminate()
    ended = finish(command, folder=tmp_path)
    assert (ended.status, ended.err) == (143, "")
    assert_gone(pids)
    assert {agent.state for agent in client.agents(sweep_id)} == {"gone"}


def test_a_killed_command_ends_every_trial(client: Client, tmp_path: Path) -> None:
    _, command, pids = two_running(client, tmp_path)
    processes = psutil.Process(command.pid).children(recursive=True)
    command.kill()
    command.wait()
    assert_gone(pids)
    assert_gone([process.pid for process in processes])


def test_one_agents_death_neither_ends_nor_restarts_the_other(client: Client, tmp_path: Path) -> None:
    sweep_id, command, pids = two_running(client, tmp_path)
    first, other = pids
    (child,) = psutil.Process(first).children()
    agent = psutil.Process(first).parent()
    assert agent is not None
    agent.kill()
    assert_gone([first, child.pid])
    assert psutil.pid_exists(other)
    (tmp_path / "go").touch()
    ended = finish(command, folder=tmp_path, limit_s=120)
    assert ended.status == 128 + signal.SIGKILL
    assert "killed by signal 9 (SIGKILL)" in ended.err
    assert len(client.agents(sweep_id)) == 2


def test_the_users_own_torchrun_starts_the_agents(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW_ENVIRONMENT, points=4)
    words = ["-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "lightning_sweeps.tuner", sweep_id]
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert {agent.slot for agent in client.agents(sweep_id)} == {0, 1}
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}
    assert "OMP_NUM_THREADS" not in json.loads((tmp_path / "environment-0.json").read_text())
