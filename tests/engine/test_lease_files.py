"""Number of files of the package that one lease uses: a lease reads the sweep file from a cache."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import lightning_sweeps
from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, gangs, suggest, sweeps
from lightning_sweeps.server.routes.sweeps import lease_in
from lightning_sweeps.store.database import Store, open_store

PACKAGE = str(Path(lightning_sweeps.__file__).parent)
NOW = 1.7e9
SWEEP: dict[str, Any] = {
    "program": "train.py",
    "method": "random",
    "metric": {"name": "loss"},
    "parameters": {"x": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 8}},
    "early_terminate": {"type": "hyperband", "min_iter": 3},
}


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = open_store(database)
    yield opened
    opened.close()


def files_of(work: Callable[[], object]) -> set[str]:
    """Return the package's files whose functions run during `work`."""
    files: set[str] = set()

    def record(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            files.add(str(Path(frame.f_code.co_filename).relative_to(PACKAGE)))

    before = sys.getprofile()
    sys.setprofile(record)
    try:
        work()
    finally:
        sys.setprofile(before)
    return files


def lease(store: Store, agent_id: str) -> m.Lease:
    """Lease a trial as the route does."""
    with store.write() as connection:
        found, _, _ = lease_in(
            connection, agent_id, gangs.GangOffer(None, is_waiting=False), suggest.Request(NOW), 60.0
        )
    return found


def test_a_lease_enters_few_files(store: Store) -> None:
    with store.write() as connection:
        sweep_id = sweeps.create_sweep(connection, m.SweepCreate(SWEEP), now=NOW).id
        registers = [m.AgentRegister("host", "node", 1, slot, ["0"]) for slot in range(3)]
        ids = [agents.register_agent(connection, sweep_id, register, now=NOW).id for register in registers]
    assert lease(store, ids[0]).trial is not None  # the definition is cached now
    with_suggestion = files_of(lambda: lease(store, ids[1]))
    with store.write() as connection:
        assert suggest.suggest_at_once(connection, sweep_id, needed=0, now=NOW)
    of_a_pending_trial = files_of(lambda: lease(store, ids[2]))
    assert len(of_a_pending_trial) < 12, sorted(of_a_pending_trial)
    assert len(with_suggestion) < 28, sorted(with_suggestion)
    assert "sweeps/config.py" not in with_suggestion | of_a_pending_trial
