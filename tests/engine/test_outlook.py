"""A waiting agent checks without a write transaction whether a trial may be available."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.engine import suggest, sweeps
from lightning_sweeps.store.database import Store

NOW = 1.7e9
SWEEP = {"program": "train.py", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


def make(store: Store, **keys: Any) -> str:
    with store.write() as connection:
        return sweeps.create_sweep(connection, m.SweepCreate(SWEEP | keys), now=NOW).id


def look(store: Store, sweep_id: str) -> suggest.Outlook:
    with store.read() as connection:
        return suggest.outlook(connection, sweep_id)


def add_next(store: Store, sweep_id: str) -> object:
    with store.write() as connection:
        return suggest.suggest_next(connection, sweep_id, ahead=None, now=NOW)


@pytest.mark.parametrize(("method", "outlook"), [("random", "ask"), ("bayes", "prepare"), ("tpe", "prepare")])
def test_an_agent_asks_for_a_pending_trial_whichever_method_chose_it(
    store: Store, method: str, outlook: suggest.Outlook
) -> None:
    sweep_id = make(store, method=method, run_cap=1)
    assert look(store, sweep_id) == outlook
    assert add_next(store, sweep_id) is (method != "tpe")  # a model is never asked in an agent's own transaction
    if method != "tpe":
        assert look(store, sweep_id) == "ask"


def test_agents_of_a_paused_sweep_wait_and_those_of_an_ended_one_ask(store: Store) -> None:
    sweep_id = make(store, method="random")
    for state, outlook in (("paused", "wait"), ("running", "ask"), ("stopped", "ask")):
        with store.write() as connection:
            sweeps.set_sweep_state(connection, sweep_id, state, now=NOW)  # type: ignore[arg-type]
        assert look(store, sweep_id) == outlook
    assert look(store, "none") == "ask"
