"""Trials over several machines: the server leases them to complete gangs, and all parts have one end."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.errors import ServerRefused
from tests.engine.driver import Agent, Server
from tests.engine.test_lifecycle import in_background
from tests.servers import PostgreSQL, running_server, wait_until

TWO = {"nodes": 2}
POINTS = {"x": {"values": [1, 2, 3, 4]}}


def agent_on(server: Server, sweep_id: str, node: str, *, slot: int = 0) -> Agent:
    client = server.new_client()
    registered = client.register_agent(sweep_id, m.AgentRegister(node, node, 1, slot, ["0"]))
    return Agent(client, registered.agent.id, registered.lease_s)


def ask(agent: Agent, *, wait_s: float = 20) -> m.Lease:
    return agent.client.lease(agent.id, wait_s=wait_s, endpoint=f"{agent.id}.example:4711")


def gang(server: Server, sweep_id: str, *nodes: str) -> tuple[m.Trial, list[Agent]]:
    """Return a trial that agents on these machines have started together, and the agents by node rank."""
    agents = [agent_on(server, sweep_id, node) for node in nodes]
    with ThreadPoolExecutor(len(agents)) as pool:
        leases = list(pool.map(ask, agents))
    found = [lease.trial for lease in leases if lease.trial is not None]
    assert len(found) == len(agents)
    assert {trial.id for trial in found} == {found[0].id}
    assert {trial.gang for trial in map(without_lists, found)} == {without_lists(found[0]).gang}
    assert found[0].gang is not None
    order = found[0].gang.agents
    by_rank = sorted(agents, key=lambda agent: order.index(agent.id))
    assert found[0].gang.endpoint == f"{by_rank[0].id}.example:4711"
    started = [agent.client.start_trial(agent.id, found[0].id) for agent in by_rank]
    return started[-1], by_rank


def without_lists(trial: m.Trial) -> m.Trial:
    """Return the trial with a gang that can be compared in sets."""
    assert trial.gang is not None
    return replace(trial, gang=replace(trial.gang, agents=tuple(trial.gang.agents)))  # type: ignore[arg-type]


def test_a_trial_is_leased_to_agents_on_different_machines_at_once(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    first = agent_on(server, sweep_id, "left")
    lone = ask(first, wait_s=0)
    assert (lone.trial, lone.sweep_state) == (None, "running")
    assert "agents on 1 more are missing" in lone.reason
    same = agent_on(server, sweep_id, "left", slot=1)
    with ThreadPoolExecutor(2) as pool:
        assert [lease.trial for lease in pool.map(lambda agent: ask(agent, wait_s=1.5), [first, same])] == [None, None]
    trial, _ = gang(server, sweep_id, "left", "right")
    assert trial.state == "running"
    assert [agent.state for agent in server.client.agents(sweep_id)] == ["idle", "idle", "working", "working"]
    assert server.client.sweep(sweep_id).counts == {"running": 1}


def test_a_trial_ends_when_all_its_parts_have_ended(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO, metric=None)
    trial, (first, second) = gang(server, sweep_id, "left", "right")
    assert first.end(trial, start_s=0.5, ran_s=2.0).state == "running"
    assert second.beat(trial).commands == []
    ended = second.end(trial, start_s=0.7, ran_s=3.0)
    assert (ended.state, ended.exit_code, ended.reason, ended.start_s) == ("finished", 0, "", 0.7)
    assert (ended.gpus, ended.gpu_s) == (2, 5.0)
    assert [agent.trials_done for agent in server.client.agents(sweep_id)] == [1, 1]


def test_a_part_that_fails_ends_the_others(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    trial, (first, second) = gang(server, sweep_id, "left", "right")
    assert second.end(trial, "failed", reason="ValueError: no", stderr_tail="it was me").state == "running"
    (order,) = first.beat(trial).commands
    assert (order.kind, order.reason) == ("kill", "node 1 of the trial has failed: ValueError: no")
    ended = first.end(trial, "stopped", reason=order.reason)
    assert (ended.state, ended.reason, ended.stderr_tail) == (
        "failed",
        "node 1: ValueError: no",
        "node 1:\nit was me",
    )


def test_after_a_preemption_the_other_parts_can_write_the_checkpoint(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    trial, (first, second) = gang(server, sweep_id, "left", "right")
    first.end(trial, "preempted", reason="SIGTERM")
    (order,) = second.beat(trial).commands
    assert order.kind == "stop"
    again = second.end(trial, "failed", reason="connection closed")
    assert (again.state, again.attempt, again.gang) == ("pending", 2, None)


def test_a_lost_agent_ends_the_gang_and_another_gang_runs_the_trial(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    trial, (first, second) = gang(server, sweep_id, "left", "right")
    first.client.leave(first.id)
    orders = second.beat(trial)
    assert (orders.lease_lost, [command.kind for command in orders.commands]) == (True, ["kill"])
    other = agent_on(server, sweep_id, "third")
    with ThreadPoolExecutor(2) as pool:
        leases = list(pool.map(ask, [second, other]))
    assert {lease.trial and (lease.trial.id, lease.trial.attempt) for lease in leases} == {(trial.id, 2)}


def test_one_silent_agent_ends_the_lease_of_the_gang(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    trial, (first, second) = gang(server, sweep_id, "left", "right")
    wait_until(lambda: second.beat(trial).lease_lost, what="the loss of the lease")
    states = {agent.id: agent.state for agent in server.client.agents(sweep_id)}
    assert (states[first.id], states[second.id]) == ("lost", "idle")
    found = server.client.trial(trial.id)
    assert (found.state, found.attempt) == ("pending", 2)


def test_agents_whose_response_was_lost_get_the_same_trial_again(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    trial, agents = gang(server, sweep_id, "left", "right")
    assert [ask(agent).trial for agent in agents] == [trial, trial]


def test_a_request_that_timed_out_joins_no_gang(server: Server) -> None:
    sweep_id = server.create(parameters=POINTS, resources=TWO)
    first, second = agent_on(server, sweep_id, "left"), agent_on(server, sweep_id, "right")
    thread = in_background(lambda: ask(first, wait_s=1))
    thread.join()
    assert ask(second, wait_s=0).trial is None


def test_a_sweep_over_several_machines_does_not_block_another_sweep(server: Server) -> None:
    waiting, other = server.create(parameters=POINTS, resources=TWO), server.create(parameters=POINTS)
    lonely = agent_on(server, waiting, "left")
    leases: list[m.Lease] = []
    thread = in_background(lambda: leases.append(ask(lonely, wait_s=60)))
    wait_until(lambda: server.client.sweep(waiting).counts == {"pending": 1}, what="the trial that waits")
    agent = server.agent(other)
    for _ in range(4):
        agent.end(agent.take())
    assert agent.lease().sweep_state == "finished"
    server.client.set_sweep_state(waiting, "stopped")
    thread.join()
    assert [(lease.trial, lease.sweep_state) for lease in leases] == [(None, "stopped")]


def test_an_agent_for_one_machine_is_refused(server: Server) -> None:
    agent = server.agent(server.create(parameters=POINTS, resources=TWO))
    with pytest.raises(ServerRefused, match="trials of this sweep take 2 machines") as refused:
        agent.lease()
    assert refused.value.status == 409


def work(agent: Agent) -> list[tuple[str, int]]:
    """Run parts of trials until the sweep is over; return the trials and the agent's node rank in each."""
    done = []
    while (lease := ask(agent, wait_s=5)).sweep_state != "finished":
        if lease.trial is None:
            continue
        assert lease.trial.gang is not None
        agent.client.start_trial(agent.id, lease.trial.id)
        done.append((lease.trial.id, lease.trial.gang.agents.index(agent.id)))
        agent.end(lease.trial)
    return done


def test_two_servers_form_whole_gangs(postgres: PostgreSQL, tmp_path: Path) -> None:
    database = postgres.new_database()
    with ExitStack() as stack:
        servers = [
            Server(*stack.enter_context(running_server(tmp_path / name, database)), stack) for name in ("one", "two")
        ]
        sweep_id = servers[0].create(parameters={"x": {"min": 1, "max": 8}}, resources=TWO, metric=None)
        agents = [
            agent_on(server, sweep_id, node, slot=slot)
            for slot, server in enumerate(servers)
            for node in ("left", "right", "third")
        ]
        began = time.monotonic()
        with ThreadPoolExecutor(len(agents)) as pool:
            parts = Counter(part for done in pool.map(work, agents) for part in done)
        trials = servers[1].client.trials(sweep_id)
        assert time.monotonic() - began < 120
        assert {(trial.state, trial.attempt) for trial in trials} == {("finished", 1)}
        assert len(trials) == 8
        assert parts == {(trial.id, rank): 1 for trial in trials for rank in (0, 1)}
        nodes = {agent.id: agent.node for agent in servers[0].client.agents(sweep_id)}
        assert all(trial.gang and len({nodes[agent] for agent in trial.gang.agents}) == 2 for trial in trials)
    postgres.drop(database)
