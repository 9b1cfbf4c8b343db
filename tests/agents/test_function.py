"""Trials as function calls: in this process, in forks, and under Lightning's launcher."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lightning_sweeps
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.errors import NotFound, UsageError
from tests.servers import wait_until

LAUNCHED = """
import os, sys
import lightning.pytorch as L
import torch
from torch.utils.data import DataLoader, TensorDataset
import lightning_sweeps

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, _):
        return self.layer(batch[0]).sum()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

def train():
    params = lightning_sweeps.current_trial().params
    trainer = L.Trainer(max_steps=1, devices=2, accelerator="cpu", strategy="ddp", logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Model(), DataLoader(TensorDataset(torch.randn(8, 2))))
    with open(f"called-{params['x']}-{trainer.global_rank}", "a") as file:
        file.write("once ")

if __name__ == "__main__":
    lightning_sweeps.agent(sys.argv[1], function=train, count=1)
"""


def make_sweep(client: Client, points: int = 3) -> str:
    parameters = {"x": {"values": list(range(points))}}
    return client.create_sweep(m.SweepCreate({"method": "grid", "parameters": parameters, "max_failures": 9})).id


@pytest.mark.parametrize("isolate", [False, True], ids=["here", "isolated"])
def test_a_function_that_exits_ends_its_trial_as_a_program_does(client: Client, isolate: bool) -> None:
    statuses = [None, 0, 3]
    sweep_id = client.create_sweep(
        m.SweepCreate({"method": "grid", "parameters": {"x": {"values": [0, 1, 2]}}, "retry": 0})
    ).id

    def train(trial: m.Trial) -> None:
        sys.exit(statuses[trial.params["x"]])

    assert lightning_sweeps.agent(sweep_id, function=train, isolate=isolate) == 3
    ended = [(trial.state, trial.reason) for trial in client.trials(sweep_id)]
    assert [state for state, _ in ended] == ["finished", "finished", "failed"]


@pytest.mark.parametrize("isolate", [False, True])
def test_every_point_is_one_function_call(client: Client, tmp_path: Path, isolate: bool) -> None:
    def train() -> None:
        trial = lightning_sweeps.current_trial()
        assert trial is not None
        with (tmp_path / "calls").open("a") as calls:
            calls.write(f"{trial.params['x']} {os.getpid() == parent}\n")
        if isolate:  # a run keeps a file open as long as its process lives
            lightning_sweeps.init().log({"loss": 1.0})
        if trial.params["x"] == 1:
            raise ValueError("not this one")

    parent = os.getpid()
    sweep_id = make_sweep(client)
    assert lightning_sweeps.agent(sweep_id, function=train, isolate=isolate) == 3
    lines = (tmp_path / "calls").read_text().splitlines()
    assert sorted(lines) == [f"{x} {not isolate}" for x in range(3)]
    trials = client.trials(sweep_id)
    assert [trial.state for trial in trials] == ["finished", "failed", "finished"]
    assert all(trial.start_s is not None and trial.gpu_s == 0 for trial in trials)
    (agent,) = client.agents(sweep_id)
    assert {"trials", "starting and ending trials", "waiting for a trial"} <= agent.spent_s.keys()
    assert (trials[1].reason, trials[1].exit_code) == ("ValueError: not this one", 1)
    assert trials[1].stderr_tail.endswith("ValueError: not this one")
    assert client.agents(sweep_id)[0].state == "gone"
    assert lightning_sweeps.current_trial() is None


def test_the_function_may_take_the_trial(client: Client) -> None:
    seen = []
    sweep_id = make_sweep(client, points=2)
    assert lightning_sweeps.agent(sweep_id, lambda trial: seen.append(trial.params["x"]), count=1) == 1
    assert seen == [0]


def test_ctrl_c_returns_the_trial_to_the_sweep(client: Client) -> None:
    def train() -> None:
        raise KeyboardInterrupt

    sweep_id = make_sweep(client, points=1)
    with pytest.raises(KeyboardInterrupt):
        lightning_sweeps.agent(sweep_id, function=train)
    (trial,) = client.trials(sweep_id)
    assert (trial.state, trial.attempt) == ("pending", 2)


@pytest.mark.fault
def test_a_fork_that_dies_is_a_failed_trial_and_leaves_no_process(client: Client, tmp_path: Path) -> None:
    def train() -> None:
        left = subprocess.Popen(["sleep", "600"], start_new_session=True)
        (tmp_path / "left").write_text(str(left.pid))
        os.kill(os.getpid(), 9)

    sweep_id = make_sweep(client, points=1)
    assert lightning_sweeps.agent(sweep_id, function=train, isolate=True) == 1
    (trial,) = client.trials(sweep_id)
    assert (trial.state, trial.reason) == ("failed", "killed by signal 9 (SIGKILL)")
    left = int((tmp_path / "left").read_text())
    wait_until(lambda: not _is_there(left), timeout_s=5, what="the end of the leftover process")


def _is_there(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def test_impossible_arguments_are_rejected(client: Client) -> None:
    with pytest.raises(UsageError, match="`count` is 0, allowed: 1 or more"):
        lightning_sweeps.agent("s", print, count=0)
    with pytest.raises(NotFound):
        lightning_sweeps.agent("no-such-sweep", print)


@pytest.mark.launch
def test_ranks_of_lightnings_launcher_call_the_function_once_for_the_same_trial(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, points=2)
    (tmp_path / "script.py").write_text(LAUNCHED)
    done = subprocess.run(
        [sys.executable, "script.py", sweep_id], cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.name: path.read_text() for path in tmp_path.glob("called-*")} == {
        "called-0-0": "once ",
        "called-0-1": "once ",
    }
    assert [trial.state for trial in client.trials(sweep_id)] == ["finished"]
