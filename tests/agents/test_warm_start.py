"""Trials that are forked from a fork server behave like trials after a cold start."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from lightning_sweeps.agents.forking.protocol import Launch, RankLaunch
from lightning_sweeps.agents.forking.warm_start import WarmStart, changed_files, modification_times
from lightning_sweeps.agents.launch.environment import TRIAL_VARIABLE
from lightning_sweeps.agents.launch.rank_environment import rank_variables
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import LaunchError
from tests.agents.trials import finish, make_sweep, run_agents, start_agent
from tests.servers import wait_until

pytestmark = [
    pytest.mark.launch,
    pytest.mark.skipif(sys.platform != "linux", reason="a fork server needs Linux"),
]

SHOW = """
import atexit, json, os, sys, threading, time
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
numpy_draw = __import__("numpy").random.rand()
seen = dict(
    argv=sys.argv, name=__name__, file=__file__, path=sys.path[0], folder=os.getcwd(), draw=torch.rand(1).item(),
    numpy_draw=numpy_draw, rank=rank_zero_only.rank, main=sys.modules["__main__"].MARKER,
    threads=torch.get_num_threads(), collects=__import__("gc").isenabled(),
    environ={name: value for name, value in os.environ.items() if name != "LIGHTNING_SWEEPS_TRIAL"},
    session=os.getsid(0) == os.getpid(), command=open("/proc/self/cmdline").read().split("\\0")[0],
    stdin=os.readlink("/proc/self/fd/0"), here=__builtins__ is not None and "forkserver" not in globals(),
) if (MARKER := True) else {}
suffix = f"{sys.argv[1][4:]}-{os.environ.get('RANK', '-')}"
json.dump(seen, open(f"seen-{suffix}.json", "w"))
atexit.register(lambda: open(f"atexit-{suffix}", "w").write("done"))
threading.Thread(target=lambda: (time.sleep(0.2), open(f"thread-{suffix}", "w").write("done"))).start()
left_open = open(f"left-{suffix}", "w")
left_open.write("flushed")
"""
TRAIN = """
import os, sys, torch
import lightning.pytorch as L
from torch.utils.data import DataLoader, TensorDataset

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(8, 2)
    def training_step(self, batch, _):
        loss = torch.nn.functional.cross_entropy(self.layer(torch.nn.functional.dropout(batch[0])), batch[1])
        losses.append(loss.item())
        return loss
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)

losses = []
if __name__ == "__main__":
    L.seed_everything(7)
    data = TensorDataset(torch.randn(64, 8), torch.randint(0, 2, (64,)))
    trainer = L.Trainer(max_steps=6, devices=2, accelerator="cpu", strategy="ddp", logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Model(), DataLoader(data, batch_size=4, shuffle=True, num_workers=1))
    assert trainer.world_size == 2
    open(f"losses-{os.environ['RANK']}", "w").write(repr(losses))
"""
END_ALIKE = """
import os, signal, sys
way = sys.argv[1][4:]
if way == "code":
    sys.exit(7)
if way == "text":
    sys.exit("a last word")
if way == "signal":
    os.kill(os.getpid(), signal.SIGSEGV)
if way == "error":
    raise ValueError("this cannot work")
if way == "syntax":
    compile("1 +", "beside.py", "exec")
if way == "interrupt":
    raise KeyboardInterrupt
"""
STAY = """
import os, signal, subprocess, sys, time
import torch.multiprocessing as multiprocessing
way, rank = sys.argv[1][4:], os.environ["RANK"]
def stay():
    time.sleep(600)
if __name__ == "__main__":
    if way == "rank":
        if rank == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        stay()
    child = multiprocessing.get_context("fork").Process(target=stay)
    child.start()
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open(f"pids-{way}-{rank}", "w").write(f"{os.getpid()} {child.pid} {stranger.pid} \\n")
    stay()
"""


def seen(folder: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / f"seen-{name}.json").read_text())
    return loaded


def test_a_warm_trial_sees_what_a_cold_one_sees(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW, points=3)
    warm = run_agents(sweep_id, "--count=2", folder=tmp_path, warm=True)
    cold = run_agents(sweep_id, folder=tmp_path)
    assert (warm.status, warm.err, cold.status, cold.err) == (0, "", 0, "")
    first, second, third = (seen(tmp_path, f"{point}-{'-'}") for point in range(3))
    assert first["argv"] == ["train.py", "--x=0"]
    assert first["command"].rstrip().endswith("train.py --x=0")
    assert first["draw"] != second["draw"]
    assert first["numpy_draw"] != second["numpy_draw"]
    assert first["environ"] == third["environ"]
    differing = {name for name in first if first[name] != third[name]}
    assert differing == {"argv", "draw", "numpy_draw", "command"}
    for point in range(3):
        for what in ("atexit", "thread", "left"):
            assert (tmp_path / f"{what}-{point}--").read_text() in ("done", "flushed")


@pytest.mark.slow
def test_two_ranks_of_lightning_with_the_same_seed_give_the_same_losses(client: Client, tmp_path: Path) -> None:
    losses = []
    for warm in (True, False):
        sweep_id = make_sweep(client, tmp_path, TRAIN, points=1, resources={"processes": 2})
        ended = run_agents(sweep_id, folder=tmp_path, warm=warm)
        assert ended.status == 0, ended.err
        assert [trial.reason for trial in client.trials(sweep_id) if trial.state != "finished"] == []
        losses.append([(tmp_path / f"losses-{rank}").read_text() for rank in range(2)])
    assert losses[0] == losses[1]
    assert len(losses[0][0].split(",")) == 6


def test_every_way_to_end_is_reported_as_after_a_cold_start(client: Client, tmp_path: Path) -> None:
    ways = ["code", "text", "signal", "error", "syntax", "interrupt", "well"]
    seen: dict[bool, list[tuple[str, int | None, str, str]]] = {}
    for warm in (True, False):
        sweep_id = make_sweep(
            client, tmp_path, END_ALIKE, parameters={"x": {"values": ways}}, max_failures=99, name=str(warm)
        )
        assert run_agents(sweep_id, folder=tmp_path, warm=warm).status == 0
        trials = client.trials(sweep_id)
        seen[warm] = [(trial.state, trial.exit_code, trial.reason, trial.stderr_tail) for trial in trials]
    assert seen[True] == seen[False]
    assert seen[True][0][:3] == ("failed", 7, "exit code 7; the program printed nothing")
    assert seen[True][2][:3] == ("failed", None, "killed by signal 11 (SIGSEGV)")
    assert seen[True][6][:2] == ("finished", 0)


def test_a_trial_that_runs_too_long_leaves_its_stacks(client: Client, tmp_path: Path) -> None:
    script = "import time\ndef stuck_here():\n    time.sleep(99)\nstuck_here()\n"
    sweep_id = make_sweep(client, tmp_path, script, points=1, timeout=1)
    run_agents(sweep_id, folder=tmp_path, warm=True)
    (trial,) = client.trials(sweep_id)
    assert trial.state == "failed"
    assert "in stuck_here" in trial.stderr_tail


def pids_of(folder: Path, way: str) -> list[int]:
    """Wait for both ranks of a trial; return the pids of their processes and of those that they have started."""
    files = [folder / f"pids-{way}-{rank}" for rank in range(2)]
    wait_until(
        lambda: all(file.exists() and "\n" in file.read_text() for file in files), timeout_s=90, what="both ranks"
    )
    return [int(word) for file in files for word in file.read_text().split()]


def wait_for_nothing_left(pids: list[int]) -> None:
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids), timeout_s=8, what="the end of all processes")


@pytest.mark.fault
def test_no_process_is_left_when_a_rank_or_the_first_process_is_killed_or_the_trial_stopped(
    client: Client, tmp_path: Path, home: Path
) -> None:
    ways = ["rank", "leader", "stop"]
    sweep_id = make_sweep(client, tmp_path, STAY, parameters={"x": {"values": ways}}, resources={"processes": 2})
    agent = start_agent(sweep_id, "--grace-s=0.1", folder=tmp_path, warm=True)
    for way in ways[1:]:
        pids = pids_of(tmp_path, way)
        (trial,) = [trial for trial in client.trials(sweep_id) if trial.params["x"] == way]
        if way == "stop":
            client.stop_trial(trial.id)
        else:
            running = json.loads(Home(home).trial(trial.id).process.read_bytes())
            os.kill(running["first"]["pid"], signal.SIGKILL)
        wait_for_nothing_left(pids)
    finish(agent, folder=tmp_path)
    first = client.trials(sweep_id)[0]
    assert (first.state, first.reason) == ("failed", "rank 1: killed by signal 9 (SIGKILL)")


@pytest.mark.fault
def test_no_process_is_left_when_the_agent_is_killed(client: Client, tmp_path: Path, home: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, STAY, points=1, resources={"processes": 2})
    agent = start_agent(sweep_id, "--grace-s=0.1", "--count=1", folder=tmp_path, warm=True)
    pids = pids_of(tmp_path, "0")
    (trial,) = client.trials(sweep_id)
    running = json.loads(Home(home).trial(trial.id).process.read_bytes())
    os.kill(running["agent"]["pid"], signal.SIGKILL)
    wait_for_nothing_left(pids)
    finish(agent, folder=tmp_path)


def test_no_trial_is_lost_when_the_fork_server_dies(client: Client, tmp_path: Path) -> None:
    script = """
import os, time
open(f"up-{os.getpid()}", "w").close()
while not os.path.exists("go"):
    time.sleep(0.02)
"""
    sweep_id = make_sweep(client, tmp_path, script, points=2)
    agent = start_agent(sweep_id, folder=tmp_path, warm=True)
    wait_until(lambda: bool(list(tmp_path.glob("up-*"))), timeout_s=90, what="the trial")
    first = psutil.Process(int(next(tmp_path.glob("up-*")).name[3:]))
    parent = first.parent()
    assert parent is not None
    others = [child for child in parent.children() if child != first]
    (server,) = [child for child in others if child.cmdline() != parent.cmdline()]  # the other one shows the output
    server.kill()
    (tmp_path / "go").touch()
    ended = finish(agent, folder=tmp_path)
    assert ended.status == 0
    assert "trials start cold" in ended.out
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}


def warm_start(folder: Path, modules: list[str], said: list[str]) -> WarmStart:
    environment = {name: value for name, value in os.environ.items() if name != TRIAL_VARIABLE}
    warm = WarmStart(environment | {"PYTHONPATH": str(folder)}, folder, "train.py", modules, said.append)
    warm.prepare()
    wait_until(lambda: warm.is_settled(0.1), timeout_s=90, what="the imports")
    return warm


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("import not_there", "`own` cannot be imported: ModuleNotFoundError"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
            "1 more thread",
        ),
        ("import os; os._exit(3)", "the fork server has ended: exit status 3"),
    ],
)
def test_trials_start_cold_with_a_message_if_forking_is_impossible(tmp_path: Path, source: str, part: str) -> None:
    (tmp_path / "own.py").write_text(source)
    said: list[str] = []
    warm = warm_start(tmp_path, ["own"], said)
    assert part in warm.problem
    assert said == [f"trials start cold, each with its own imports: {warm.problem}"]
    with pytest.raises(LaunchError, match="warm start is off"):
        warm.start(Launch("train.py", [], {}, str(tmp_path), "", os.getpid(), [RankLaunch({}, "", "")], ""))


@pytest.mark.slow
def test_a_changed_module_restarts_the_fork_server(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("")
    said: list[str] = []
    warm = warm_start(tmp_path, ["own"], said)
    warm.prepare()
    assert said == []
    (tmp_path / "own.py").write_text("import json")
    warm.prepare()
    assert said == [f"restarting the fork server: `{tmp_path / 'own.py'}` has changed"]
    wait_until(lambda: warm.is_settled(0.1), timeout_s=90, what="the imports")
    assert warm.problem == ""
    warm.close()


def test_created_and_deleted_files_count_as_changed(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    times = modification_times([str(tmp_path / "one"), str(tmp_path / "two")])
    assert changed_files(times) == []
    (tmp_path / "two").touch()
    (tmp_path / "one").unlink()
    assert changed_files(times) == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_ranks_get_the_variables_of_torchrun() -> None:
    assert rank_variables(0, ranks=1, launch_id="t1-1") == {}
    seen = rank_variables(1, ranks=2, launch_id="t1-1")
    assert (seen["RANK"], seen["LOCAL_RANK"], seen["WORLD_SIZE"], seen["TORCHELASTIC_RUN_ID"]) == (
        "1",
        "1",
        "2",
        "t1-1",
    )
