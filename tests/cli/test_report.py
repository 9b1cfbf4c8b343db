"""The report of a sweep that ran on a real server."""

from __future__ import annotations

from pathlib import Path

import optuna.importance  # noqa: F401  loads scikit-learn, which sets variables, before the leak check reads them

from lightning_sweeps.cli.report import build, lines
from lightning_sweeps.messages import AgentRegister, SweepCreate, TrialEnd
from tests.engine.driver import TrialRun
from tests.servers import running_server

SWEEP = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss"},
    "parameters": {"x": {"min": 1, "max": 10}},
    "early_terminate": {"type": "threshold", "upper": 80},
}


def test_a_report_names_best_stopped_and_failed_trials(tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as (client, _):
        sweep_id = client.create_sweep(SweepCreate(SWEEP, project="tests")).id
        agent = client.register_agent(sweep_id, AgentRegister("host", "node", 1, 0, ["0"])).agent.id
        while (trial := client.lease(agent, wait_s=5).trial) is not None:
            client.start_trial(agent, trial.id)
            if trial.params["x"] == 4:
                client.end_trial(agent, trial.id, TrialEnd("failed", 1, stderr_tail="MemoryError: no room\n"))
                continue
            TrialRun(client, trial).log({"loss": float(trial.params["x"] ** 2)})
            client.end_trial(agent, trial.id, TrialEnd("finished", 0))
        text = "\n".join(lines(build(client.sweep(sweep_id), client.trials(sweep_id), client.agents(sweep_id))))
    assert "- trial 1: 1 with x=1" in text
    assert "- trial 9: stopped at report 1: 81 is above 80" in text
    assert "- trial 4: MemoryError: no room" in text
    assert "- x: 100 %" in text
