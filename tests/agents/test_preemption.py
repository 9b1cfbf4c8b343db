"""The trial of an agent that must end writes a checkpoint, and the next agent continues the same runs."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.agents.trials import finish, make_sweep, start_agent
from tests.servers import running_server, wait_until
from tests.trainer.journals import logged_runs
from tests.trainer.preemption import PROGRAM

pytestmark = [pytest.mark.fault, pytest.mark.launch]

START_S = 120
"""Torch and Lightning are imported, and two ranks meet, on a slow machine."""


@pytest.mark.slow
def test_the_next_agent_resumes_a_preempted_trial_from_its_checkpoint(home: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    environment = os.environ | {"PIDS": str(pids)}
    script = PROGRAM.read_text().replace('sys.argv[1] if len(sys.argv) > 1 else "ddp"', '"ddp"')
    with running_server(home) as (client, _):
        sweep_id = make_sweep(client, tmp_path, script, points=1, resources={"processes": 2})
        agent = start_agent(sweep_id, "--gpus=none", folder=tmp_path, environment=environment, warm=True)
        wait_until(lambda: len(list(pids.iterdir())) == 2, timeout_s=START_S, what="both ranks' steps")
        agent.send_signal(signal.SIGTERM)
        assert finish(agent, folder=tmp_path).status == 128 + signal.SIGTERM
        (trial,) = client.trials(sweep_id)
        assert (trial.state, trial.attempt) == ("pending", 2)
        before = {run.info.id: len(run.series("loss")) for run in logged_runs(home)}
        next_agent = start_agent(sweep_id, "--gpus=none", folder=tmp_path, environment=environment, warm=True)
        assert finish(next_agent, folder=tmp_path, limit_s=START_S).status == 0
        (trial,) = client.trials(sweep_id)
        assert (trial.state, trial.attempt, trial.exit_code) == ("finished", 2, 0)
    after = {run.info.id: run for run in logged_runs(home)}
    assert {run_id: len(run.series("loss")) - 10 for run_id, run in after.items()} == before
    for run in after.values():
        assert [step for step, _ in run.series("loss")] == list(range(len(run.series("loss"))))
        assert [end.state for end in run.finishes] == ["preempted", "finished"], run.finishes
