"""The servers of a PostgreSQL database use the database's clock, however their own clocks differ."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.messages import AgentRegister, SweepCreate
from tests.servers import PostgreSQL, end_server, wait_for_server, wait_until
from tests.store.journals import Journal

SHIFTED = """
import sys, time
true = time.time
time.time = lambda: true() + float(sys.argv[1])
from lightning_sweeps.server.__main__ import main
sys.exit(main(sys.argv[2:]))
"""
CLOCKS = [(-40.0, 0.0), (0.0, -40.0), (40.0, -40.0)]
"""Seconds by which the clocks of two servers are wrong: much more than a change may take to be committed."""
LEASE_S = 4.0


@pytest.fixture
def shared(postgres: PostgreSQL) -> Iterator[str]:
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@contextmanager
def server_with_wrong_clock(home: Path, database: str, shift_s: float) -> Iterator[Client]:
    """Run a server in whose process `time.time()` is wrong by some seconds."""
    home.mkdir()
    options = ["--home", str(home), "--database", database, "--lease-s", str(LEASE_S)]
    command = [sys.executable, "-c", SHIFTED, str(shift_s), *options]
    with Home(home).server_log.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment())
    try:
        server = wait_for_server(home, process)
        with Client(server.url, server.token) as client:
            yield client
    finally:
        end_server(process)


@pytest.mark.parametrize("shifts", CLOCKS, ids=str)
def test_a_page_misses_no_change_of_another_server(tmp_path: Path, shared: str, shifts: tuple[float, float]) -> None:
    with (
        server_with_wrong_clock(tmp_path / "writer", shared, shifts[0]) as writer,
        server_with_wrong_clock(tmp_path / "reader", shared, shifts[1]) as reader,
    ):
        cursor = reader.changes().cursor
        assert cursor == pytest.approx(time.time(), abs=5)  # the database runs on this machine
        config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1, 2]}}}
        for number in range(3):
            journal = Journal(f"journal-{number}", f"run-{number}").log(0, loss=1.0)
            writer.send_journal(journal.id, 0, journal.data)
            found = reader.changes(since=cursor)
            assert f"run-{number}" in [run.id for run in found.runs]
            cursor = found.cursor
        sweep = writer.create_sweep(SweepCreate(config, project="project-1"))
        found = reader.changes(since=cursor)
        assert [change.id for change in found.sweeps] == [sweep.id]
        assert found.cursor >= cursor


def test_a_server_whose_clock_is_ahead_takes_no_trial_of_an_agent_that_sends_heartbeats(
    tmp_path: Path, shared: str
) -> None:
    with (
        server_with_wrong_clock(tmp_path / "right", shared, 0.0) as right,
        server_with_wrong_clock(tmp_path / "ahead", shared, 3600.0) as ahead,
    ):
        config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1, 2]}}}
        sweep = right.create_sweep(SweepCreate(config, project="project-1"))
        agent = right.register_agent(sweep.id, AgentRegister("host", "node", 1, 0, [])).agent
        trial = right.lease(agent.id, wait_s=5).trial
        assert trial is not None
        right.start_trial(agent.id, trial.id)
        until = time.monotonic() + 2 * LEASE_S

        def is_over() -> bool:
            assert not right.heartbeat(agent.id, trial=trial.id).commands
            assert ahead.trial(trial.id).state == "running"
            return time.monotonic() > until

        wait_until(is_over, what="two leases")
