"""Agents that do not know of each other take turns on a GPU: of one user, of two, and after one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.system.gpu_claims import GpuClaims, are_free, find_claimants
from tests.agents.trials import finish, make_sweep, start_agent, wait_for_file
from tests.fakes.gpus import fake_nvml_environment
from tests.servers import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="claims are sockets in Linux's abstract namespace")

HOLD = """
import os, sys, time
from lightning_sweeps.system.gpu_claims import GpuClaims
os.setuid(int(sys.argv[2]))
claims = GpuClaims()
assert claims.claim(sys.argv[1:2]) == []
print("held", flush=True)
time.sleep(600)
"""
STAY = """
import os, pathlib, time
pathlib.Path("up").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


def test_one_process_at_a_time_claims_all_or_none() -> None:
    first, second, other = new_id(), new_id(), new_id()
    held, wanted = GpuClaims(), GpuClaims()
    assert held.claim([second]) == []
    assert [(found.uuid, found.pid) for found in wanted.claim([first, second])] == [(second, os.getpid())]
    assert find_claimants([first]) == []
    assert are_free([first])
    assert not are_free([first, second])
    assert all(not are_free([second]) for _ in range(5000))  # a waiting agent asks for hours
    assert all(find_claimants([second]) for _ in range(5000))
    held.release()
    assert wanted.claim([first, second, other]) == []
    wanted.release()


@pytest.mark.parametrize("user", [None, 65534], ids=["same-user", "other-user"])
def test_the_kernel_names_the_claimant_and_frees_its_claims(user: int | None) -> None:
    if user is not None and os.getuid() != 0:
        pytest.skip("only root can start a process of another user")
    uuid = new_id()
    words = [sys.executable, "-c", HOLD, uuid, str(os.getuid() if user is None else user)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"held\n"
        (claimant,) = GpuClaims().claim([uuid])
        assert claimant.pid == process.pid
        assert (claimant.user == "nobody") == (user is not None)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    claims = GpuClaims()
    wait_until(lambda: claims.claim([uuid]) == [], what="the end of the claim")
    claims.release()


@pytest.mark.launch
def test_two_agents_take_turns_on_one_gpu(client: Client, tmp_path: Path) -> None:
    environment = fake_nvml_environment(gpus=1)
    agents = {}
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        sweep_id = make_sweep(client, folder, STAY, points=1)
        agents[name] = start_agent(sweep_id, folder=folder, environment=environment)
        if name == "first":
            wait_for_file(folder / "up")
    said = tmp_path / "second" / "agent.out"
    wait_until(lambda: " runs a trial of another agent, process " in said.read_text(), what="the agent's message")
    assert not (tmp_path / "second" / "up").exists()
    (tmp_path / "second" / "go").touch()
    (tmp_path / "first" / "go").touch()
    for name, agent in agents.items():
        assert finish(agent, folder=tmp_path / name).status == 0
    assert "the GPUs are free again" in said.read_text()


@pytest.mark.launch
def test_agents_share_a_gpu_on_request(client: Client, tmp_path: Path) -> None:
    environment = fake_nvml_environment(gpus=1)
    agents = {}
    for name, options in (("first", ()), ("second", ("--share-gpus",))):
        folder = tmp_path / name
        folder.mkdir()
        sweep_id = make_sweep(client, folder, STAY, points=1)
        agents[name] = start_agent(sweep_id, *options, folder=folder, environment=environment)
        wait_for_file(folder / "up")
    for name, agent in agents.items():
        (tmp_path / name / "go").touch()
        assert finish(agent, folder=tmp_path / name).status == 0


@pytest.mark.launch
def test_the_claim_of_a_killed_agent_is_free(client: Client, tmp_path: Path) -> None:
    environment = fake_nvml_environment(gpus=1)
    sweep_id = make_sweep(client, tmp_path, STAY, points=1)
    killed = start_agent(sweep_id, folder=tmp_path, environment=environment)
    wait_for_file(tmp_path / "up")
    os.kill(client.agents(sweep_id)[0].pid, signal.SIGKILL)
    assert finish(killed, folder=tmp_path).status == 128 + signal.SIGKILL
    (tmp_path / "go").touch()
    assert finish(start_agent(sweep_id, folder=tmp_path, environment=environment), folder=tmp_path).status == 0
