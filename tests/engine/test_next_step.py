"""What a waiting agent's request does next, found without writing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.engine import suggest, sweeps
from lightning_sweeps.store.database import Store, open_store

NOW = 1.7e9
SWEEP = {"program": "train.py", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = open_store(database)
    yield opened
    opened.close()


def create(store: Store, **keys: Any) -> str:
    with store.write() as connection:
        return sweeps.create_sweep(connection, m.SweepCreate(SWEEP | keys), now=NOW).id


def next_step(store: Store, sweep_id: str) -> suggest.NextStep:
    with store.read() as connection:
        return suggest.next_step(connection, sweep_id, suggest.Request(NOW), now=NOW)


def add_next(store: Store, sweep_id: str) -> bool:
    with store.write() as connection:
        return suggest.suggest_at_once(connection, sweep_id, needed=0, now=NOW)


@pytest.mark.parametrize(("method", "step"), [("random", "lease"), ("bayes", "prepare"), ("tpe", "prepare")])
def test_a_pending_trial_is_leased_whatever_the_method(store: Store, method: str, step: suggest.NextStep) -> None:
    sweep_id = create(store, method=method, run_cap=1)
    assert next_step(store, sweep_id) == step
    assert add_next(store, sweep_id) is (method != "tpe")  # no model is fitted in an agent's transaction
    if method != "tpe":
        assert next_step(store, sweep_id) == "lease"


def test_an_agent_waits_in_a_paused_sweep_and_learns_of_the_end(store: Store) -> None:
    sweep_id = create(store, method="random")
    for state, step in (("paused", "wait"), ("running", "lease"), ("stopped", "lease")):
        with store.write() as connection:
            sweeps.set_sweep_state(connection, sweep_id, state, now=NOW)  # type: ignore[arg-type]
        assert next_step(store, sweep_id) == step
    assert next_step(store, "none") == "lease"
