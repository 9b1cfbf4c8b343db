"""A pause of the server takes no trial from an agent; an agent that stays silent afterwards loses its trial."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from tests.engine.driver import Agent, Server
from tests.servers import running_server, wait_until

pytestmark = pytest.mark.fault

LEASE_S = 2.0
PAUSE_S = 3 * LEASE_S
OPTIONS = ("--lease-s", str(LEASE_S), "--takeover-s", "0")


def keeps_its_trial(agent: Agent, trial_id: str) -> None:
    """Send heartbeats for two leases and check that the agent keeps its first attempt."""
    until = time.monotonic() + 2 * LEASE_S
    while time.monotonic() < until:
        trial = agent.client.trial(trial_id)
        assert (trial.state, trial.attempt) == ("running", 1), trial.reason
        assert not agent.beat(trial).lease_lost
        time.sleep(LEASE_S / 8)


@pytest.mark.slow
def test_a_server_that_was_away_takes_no_trial(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with running_server(tmp_path, None, *OPTIONS) as (client, described):
            server = Server(client, described, stack)
            agent = server.agent(server.create())
            trial = agent.take()
        time.sleep(PAUSE_S)
        with running_server(tmp_path, None, *OPTIONS) as (client, described):
            again = Agent(stack.enter_context(Client(described.url, described.token)), agent.id, LEASE_S)
            keeps_its_trial(again, trial.id)
            wait_until(lambda: client.trial(trial.id).state == "pending", what="the end of a silent agent's lease")


def test_a_server_that_was_stopped_takes_no_trial(tmp_path: Path) -> None:
    with ExitStack() as stack, running_server(tmp_path, None, *OPTIONS) as (client, described):
        server = Server(client, described, stack)
        agent = server.agent(server.create())
        trial = agent.take()
        os.kill(described.pid, signal.SIGSTOP)
        try:
            time.sleep(PAUSE_S)
        finally:
            os.kill(described.pid, signal.SIGCONT)
        keeps_its_trial(agent, trial.id)
