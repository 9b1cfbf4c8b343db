"""An agent gives up when all its trials fail at once, and waits while the sweep is paused for all agents."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightning_sweeps.agents.circuit_breaker import QUICK_S, CircuitBreaker
from lightning_sweeps.agents.loop import DEFAULT_MAX_FAILURES
from lightning_sweeps.messages import TrialEnd
from lightning_sweeps.sweeps import config
from tests.agents.trials import make_sweep, run_agents
from tests.servers import running_server

FAILED = TrialEnd("failed", 1, "RuntimeError: no CUDA device")
FINISHED = TrialEnd("finished", 0)


@pytest.mark.parametrize(
    ("ends", "consecutive"),
    [
        ([(FAILED, 0.0), (FAILED, 1.0)], 2),
        ([(FAILED, 0.0), (FINISHED, 1.0), (FAILED, 1.0)], 1),
        ([(FAILED, 0.0), (FAILED, QUICK_S)], 0),
        ([(FAILED, 0.0), (None, 1.0), (TrialEnd("stopped"), 1.0), (TrialEnd("preempted"), 1.0), (FAILED, 1.0)], 2),
    ],
)
def test_only_quick_failures_without_a_success_between_them_count(
    ends: list[tuple[TrialEnd | None, float]], consecutive: int
) -> None:
    breaker = CircuitBreaker(limit=2)
    for end, ran_s in ends:
        breaker.record(end, ran_s=ran_s)
    assert breaker.consecutive == consecutive
    assert bool(breaker.trip_reason) == (consecutive == 2)


def test_the_default_failure_limit_is_that_of_the_server() -> None:
    assert DEFAULT_MAX_FAILURES == config.DEFAULT_MAX_FAILURES


@pytest.mark.slow
@pytest.mark.fault
def test_the_agent_gives_up_while_the_sweep_runs_and_waits_while_it_is_paused_if_asked(
    home: Path, tmp_path: Path
) -> None:
    with running_server(home) as (client, _):
        sweep_id = make_sweep(client, tmp_path, 'raise ValueError("no GPU")\n', points=9, max_failures=9)
        ended = run_agents(sweep_id, "--max-quick-failures=3", folder=tmp_path)
        assert ended.status == 1
        assert "the last 3 trials of this agent failed within 10 s of the start" in ended.out
        assert "last reason: ValueError: no GPU; giving up" in ended.out
        assert [trial.state for trial in client.trials(sweep_id)].count("failed") == 3
        assert client.sweep(sweep_id).state == "running"

        paused_id = make_sweep(client, tmp_path, 'raise ValueError("no GPU")\n', points=9, max_failures=2)
        ended = run_agents(paused_id, folder=tmp_path)
        assert ended.status == 1
        assert "2 trials in a row failed (`max_failures` is 2); the last one: ValueError: no GPU" in ended.out
        assert f"to continue: `lightning-sweeps sweep {paused_id} --resume`" in ended.out
        ended = run_agents(paused_id, "--wait", "--idle-timeout=0.5", folder=tmp_path)
        assert "the sweep is paused" in ended.out
        assert "(`--idle-timeout`): giving up" in ended.out
