"""An agent that is started before its server, or while the server restarts, waits for it if it is told to."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lightning_sweeps.client import Client
from tests.agents.trials import finish, make_sweep, run_agents, start_agent
from tests.servers import end_server, start_server, wait_for_server, wait_until

WAITS = "retrying until it answers"


@pytest.mark.fault
def test_an_agent_waits_for_its_server(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start_server(home)
    described = wait_for_server(home, first)
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", described.url)
    monkeypatch.setenv("LIGHTNING_SWEEPS_API_KEY", described.token)
    with Client(described.url, described.token) as client:
        sweep_id = make_sweep(client, tmp_path, "", points=1)
    end_server(first)
    assert run_agents(sweep_id, folder=tmp_path).status == 1

    told_to_end = start_agent(sweep_id, "--wait-for-server", folder=tmp_path)
    wait_until(lambda: WAITS in (tmp_path / "agent.out").read_text(), what="the wait")
    told_to_end.send_signal(signal.SIGTERM)
    assert finish(told_to_end, folder=tmp_path).status == -signal.SIGTERM

    agent = start_agent(sweep_id, "--wait-for-server", folder=tmp_path)
    wait_until(lambda: WAITS in (tmp_path / "agent.out").read_text(), what="the wait")
    second = start_server(home, port=urlsplit(described.url).port or 0)
    try:
        wait_for_server(home, second)
        ended = finish(agent, folder=tmp_path)
        assert (ended.status, ended.err) == (0, "")
        assert "the server answers again" in ended.out
    finally:
        end_server(second)
