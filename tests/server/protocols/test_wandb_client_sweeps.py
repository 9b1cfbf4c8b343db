"""The real wandb client creates sweeps here, and its agents run them, unmodified."""

from __future__ import annotations

import re

import pytest

from tests.server.protocols.wandb_client import WandbPrograms

pytestmark = pytest.mark.slow

SWEEP_FILE = """
program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.1, 0.2]}
"""
TRAIN = """
import argparse, wandb
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
with wandb.init() as run:
    run.log({"loss": 2 * lr})
"""
FUNCTION = """
import wandb

def train():
    with wandb.init() as run:
        for step in range(3):
            run.log({"loss": run.config["lr"] + step})

metric = {"name": "loss", "goal": "minimize"}
sweep = wandb.sweep({"method": "random", "metric": metric, "parameters": {"lr": {"min": 0.1, "max": 1.0}}})
wandb.agent(sweep, function=train, count=2)
"""


def test_a_sweep_file_and_the_agent_of_the_command_line(programs: WandbPrograms) -> None:
    programs.write(TRAIN, "train.py")
    file = programs.write(SWEEP_FILE, "sweep.yaml")
    found = re.search(r"wandb agent (\S+)", programs.call("wandb", "sweep", str(file)))
    assert found is not None
    programs.call("wandb", "agent", found[1])
    (sweep,) = programs.served.client.sweeps()
    assert (sweep.state, sweep.counts) == ("finished", {"finished": 2})
    assert sweep.best is not None and sweep.best.objective == 0.2


def test_an_agent_that_calls_a_function(programs: WandbPrograms) -> None:
    programs.run(FUNCTION)
    (sweep,) = programs.served.client.sweeps()
    assert (sweep.state, sweep.counts) == ("running", {"finished": 2})
    for trial in programs.served.client.trials(sweep.id):
        assert trial.objective == pytest.approx(trial.params["lr"])


@pytest.mark.parametrize(("option", "state"), [("--pause", "paused"), ("--stop", "stopped"), ("--cancel", "cancelled")])
def test_the_command_line_changes_the_state_of_a_sweep(programs: WandbPrograms, option: str, state: str) -> None:
    file = programs.write(SWEEP_FILE, "sweep.yaml")
    programs.call("wandb", "sweep", str(file))
    (sweep,) = programs.served.client.sweeps()
    programs.call("wandb", "sweep", option, f"lightning-sweeps/{programs.served.project}/{sweep.id}")
    assert programs.served.client.sweep(sweep.id).state == state
