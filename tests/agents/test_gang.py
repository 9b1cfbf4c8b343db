"""One trial on two machines: two agents on the loopback of one machine, each with a home and a node name."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from lightning_sweeps.agents.gang import GangMember, Rendezvous, gang_variables, local_address_towards
from lightning_sweeps.agents.launch.command import CommandContext, build_command
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from tests.agents.trials import EndedAgent, finish, make_sweep, start_agent
from tests.servers import running_server, wait_until

MEET = """
import json, os, pathlib, time
import torch, torch.distributed as dist
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
dist.init_process_group("gloo")
total = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(total)
said = dict(total=total.item(), size=dist.get_world_size(), node=os.environ["GROUP_RANK"], pid=os.getpid())
path = pathlib.Path(f"met-{trial['attempt']}-{dist.get_rank()}")
path.with_suffix(".part").write_text(json.dumps(said))
path.with_suffix(".part").rename(path)
while trial["attempt"] == 1:
    time.sleep(0.05)  # outside a collective, which would notice that the other machine is gone
dist.destroy_process_group()
"""
LEASE_S = 5

Running = tuple[Client, ServerFile]


@contextmanager
def machine(name: str, sweep_id: str, server: ServerFile, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start an agent as if on another machine, and kill it at the end if it is still running."""
    place = folder / name
    place.mkdir()
    (place / "train.py").write_bytes((folder / "train.py").read_bytes())
    own = {"HOME": str(place / "home"), "NODE": name, "URL": server.url, "API_KEY": server.token}
    environment = dict(os.environ) | {f"LIGHTNING_SWEEPS_{name}": value for name, value in own.items()}
    agent = start_agent(sweep_id, folder=place, environment=environment)
    try:
        yield agent
    finally:
        kill_all(agent)


def kill_all(agent: subprocess.Popen[str]) -> None:
    """Kill an agent with all its processes, as if its machine were switched off."""
    if agent.poll() is None:
        supervisor = psutil.Process(agent.pid)
        supervisor.suspend()  # first: it would tell the server that the agent was killed
        processes = supervisor.children(recursive=True)
        for process in processes:
            process.suspend()
        for process in [supervisor, *processes]:
            process.kill()
        agent.wait()


def met(folder: Path, attempt: int) -> dict[str, dict[str, Any]]:
    """Return the output of the ranks of an attempt, by machine."""
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob(f"*/met-{attempt}-?")}


@pytest.mark.slow
@pytest.mark.launch
@pytest.mark.fault
def test_a_lost_machine_ends_the_gang_and_another_one_replaces_it(home: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        client, server = stack.enter_context(running_server(home, None, "--lease-s", str(LEASE_S)))
        sweep_id = make_sweep(client, tmp_path, MEET, points=1, resources={"nodes": 2, "processes": 1})
        agents = {name: stack.enter_context(machine(name, sweep_id, server, tmp_path)) for name in ("left", "right")}
        wait_until(lambda: len(met(tmp_path, 1)) == 2, timeout_s=120, what="both machines' ranks")
        assert {said["total"] for said in met(tmp_path, 1).values()} == {3.0}
        assert {(said["size"], said["node"]) for said in met(tmp_path, 1).values()} == {(2, "0"), (2, "1")}
        (trial,) = client.trials(sweep_id)
        assert trial.gang is not None
        assert trial.gang.endpoint.startswith("127.0.0.1:")
        lost = next(name for name, said in met(tmp_path, 1).items() if said["node"] == "0")
        (survivor,) = agents.keys() - {lost}
        kill_all(agents[lost])
        pid = met(tmp_path, 1)[survivor]["pid"]
        wait_until(lambda: not psutil.pid_exists(pid), timeout_s=60, what="the end of the other part")
        third = stack.enter_context(machine("third", sweep_id, server, tmp_path))
        for agent, name in ((agents[survivor], survivor), (third, "third")):
            assert finish(agent, folder=tmp_path / name, limit_s=120).status == 0
        assert met(tmp_path, 2).keys() == {survivor, "third"}
        (trial,) = client.trials(sweep_id)
        assert (trial.state, trial.attempt, trial.exit_code) == ("finished", 2, 0)
        states = {agent.id: agent.state for agent in client.agents(sweep_id)}
        assert sorted(states.values()) == ["gone", "gone", "lost"]


@pytest.mark.fault
def test_an_agent_that_waits_for_others_reports_it_and_gives_up_after_the_idle_timeout(
    home: Path, tmp_path: Path
) -> None:
    with running_server(home) as (client, _):
        sweep_id = make_sweep(client, tmp_path, "", points=1, resources={"nodes": 2})
        agent = start_agent(sweep_id, "--idle-timeout=1", folder=tmp_path)
        ended: EndedAgent = finish(agent, folder=tmp_path)
        assert ended.status == 1
        assert "no trial: a trial takes 2 machines; agents on 1 more are missing\n" in ended.out
        assert [trial.state for trial in client.trials(sweep_id)] == ["pending"]


def test_a_part_is_started_by_torchrun_on_its_node(tmp_path: Path) -> None:
    folder = Home(tmp_path).trial("t")
    context = CommandContext("python", {}, folder, 4, "t-1", GangMember(1, 2, "10.0.0.1", 4711))
    words = build_command({"program": "train.py"}, {"x": 1}, context=context)
    meeting = ["--nnodes=2", "--node-rank=1", "--rdzv-backend=static", "--master-addr=10.0.0.1", "--master-port=4711"]
    assert words[:3] == ["python", "-m", "torch.distributed.run"]
    assert [word for word in words if word in meeting] == meeting
    assert words[-2:] == ["train.py", "--x=1"]
    assert gang_variables(GangMember(1, 2, "10.0.0.1", 4711))["PET_NODE_RANK"] == "1"


def test_the_rendezvous_port_is_reserved_until_it_is_closed() -> None:
    point = Rendezvous("127.0.0.1")
    endpoint = point.endpoint()
    assert point.endpoint() == endpoint
    port = int(endpoint.rpartition(":")[2])
    with socket.socket() as store:  # as torch's store listens there meanwhile
        store.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        store.bind(("", port))
        store.listen()
    point.close()


def test_the_address_is_that_of_the_route_to_the_server() -> None:
    assert local_address_towards("http://127.0.0.1:8800") == "127.0.0.1"
    assert local_address_towards("https://localhost") in ("127.0.0.1", "::1")
