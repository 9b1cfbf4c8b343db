"""End to end: a sweep of two-rank DDP trials on two slots with every real part, by the commands of the README."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.messages import RunDetails, Trial
from lightning_sweeps.server.routes.static_files import index_file
from lightning_sweeps.system.node import node_id
from tests.dashboard.browser import running_browser
from tests.dashboard.pictures import WIDTH, take_all
from tests.servers import running_server, wait_until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "ddp"
DASHBOARD_PAGE = ROOT / "docs" / "dashboard.md"
LEAST_PICTURE_BYTES = 15_000
"""An empty page is smaller."""
RUN_CAP = 4

pytestmark = [pytest.mark.launch, pytest.mark.slow]


@dataclass(frozen=True, slots=True)
class FinishedSweep:
    """A finished sweep and its server."""

    home: Path
    client: Client
    sweep_id: str
    trials: list[Trial]
    output: str


def variables(home: Path) -> dict[str, str]:
    return {
        **environment(),
        "LIGHTNING_SWEEPS_HOME": str(home),
        "LIGHTNING_SWEEPS_SERVICE": "process",
        "LIGHTNING_SWEEPS_IDLE_EXIT_S": "2",
        "LIGHTNING_SWEEPS_SAMPLE_INTERVAL_S": "1",
    }


def command(home: Path, *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=variables(home),
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def end_service(home: Path) -> None:
    """Wait until the service has exited, after it uploaded everything."""
    state = Home(home).service_state(node_id())
    wait_until(state.exists, what="the service's state")
    pid = json.loads(state.read_bytes())["pid"]
    wait_until(lambda: not psutil.pid_exists(pid), timeout_s=60, what="the service's own end")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedSweep]:
    """The sweep of the example with fewer trials."""
    folder = tmp_path_factory.mktemp("sweep")
    home = folder / "home"
    shutil.copytree(EXAMPLES, folder / "ddp")
    file = folder / "ddp" / "sweep.yaml"
    file.write_text(file.read_text().replace("run_cap: 8", f"run_cap: {RUN_CAP}"))
    with pytest.MonkeyPatch.context() as patch, running_server(home) as (client, _):
        patch.setenv("OMP_NUM_THREADS", "1")
        sweep_id = json.loads(command(home, "sweep", "sweep.yaml", "--json", cwd=folder / "ddp"))["id"]
        output = command(home, "agent", sweep_id, "--slots", "2", cwd=folder / "ddp")
        end_service(home)
        yield FinishedSweep(home, client, sweep_id, client.trials(sweep_id), output)


def runs_of(finished: FinishedSweep, trial: Trial) -> list[RunDetails]:
    return sorted(finished.client.runs(trial=trial.id).runs, key=lambda run: run.rank)


def test_the_sweep_finishes_and_every_trial_has_ended(finished: FinishedSweep) -> None:
    sweep = finished.client.sweep(finished.sweep_id)
    assert sweep.state == "finished"
    assert len(finished.trials) == RUN_CAP
    assert {trial.state for trial in finished.trials} <= {"finished", "stopped"}
    assert all(trial.exit_code == 0 for trial in finished.trials)
    assert sweep.best is not None
    assert sweep.best.objective == min(trial.objective for trial in finished.trials if trial.objective is not None)
    agents = finished.client.agents(finished.sweep_id)
    assert [agent.slot for agent in sorted(agents, key=lambda agent: agent.slot)] == [0, 1]
    assert sum(agent.trials_done for agent in agents) == RUN_CAP


def test_every_trial_has_one_run_per_rank_in_one_group_with_the_same_parameters(finished: FinishedSweep) -> None:
    for trial in finished.trials:
        first, second = runs_of(finished, trial)
        assert (first.rank, second.rank, first.world_size) == (0, 1, 2)
        assert first.group == second.group
        for run in (first, second):
            assert {name: run.config[name] for name in trial.params} == trial.params
            assert run.state == trial.state, run.reason


def test_ranks_log_their_own_loss_and_synced_values_are_stored_once(finished: FinishedSweep) -> None:
    trial = finished.trials[0]
    first, second = runs_of(finished, trial)
    own = [[point.value for point in finished.client.points(run.id, "train/loss")] for run in (first, second)]
    synced = [point.value for point in finished.client.points(first.id, "val/loss")]
    assert len(own[0]) == len(own[1]) > 0
    assert own[0] != own[1]
    assert "val/loss" not in [key.key for key in finished.client.keys(second.id)]
    assert "val/loss" in first.summary["synced"]
    assert trial.objective == min(value for value in synced if isinstance(value, float))


def test_ranks_of_a_stopped_trial_stop_at_the_same_step(finished: FinishedSweep) -> None:
    for trial in finished.trials:
        first, second = runs_of(finished, trial)
        last = [finished.client.points(run.id, "train/loss")[-1].step for run in (first, second)]
        assert last[0] == last[1]
        if trial.state == "stopped":
            assert trial.reason


def test_the_node_was_sampled_and_no_process_is_left(finished: FinishedSweep) -> None:
    (cpu,) = [key for key in finished.client.keys(node_id()) if key.key == "cpu.percent"]
    assert cpu.count > 1
    assert cpu.maximum is not None
    assert math.isfinite(cpu.maximum)
    left = [process for process in psutil.process_iter() if str(finished.home) in _command(process)]
    assert [_command(process) for process in left if "lightning_sweeps.server" not in _command(process)] == []
    assert list(Home(finished.home).journals.glob("*")) == []


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_the_command_line_shows_the_sweep(finished: FinishedSweep) -> None:
    best = finished.client.sweep(finished.sweep_id).best
    assert best is not None
    status = command(finished.home, "status", finished.sweep_id, cwd=finished.home)
    assert f"Best: trial {best.number}" in status
    assert "finished" in status
    runs = command(finished.home, "runs", "--sweep", finished.sweep_id, cwd=finished.home)
    assert runs.count("digits-") == 2 * RUN_CAP


def test_screenshots_of_the_docs(finished: FinishedSweep, tmp_path: Path) -> None:
    if not index_file().exists():
        pytest.skip("the dashboard is not built: python hatch_build.py")
    with running_browser(width=WIDTH) as browser:
        take_all(finished.client, browser, tmp_path)
        assert browser.complaints() == []
    shown = re.findall(r"\(images/([\w-]+\.png)\)", DASHBOARD_PAGE.read_text())
    assert sorted(shown) == sorted(file.name for file in tmp_path.iterdir())
    assert all(file.stat().st_size > LEAST_PICTURE_BYTES for file in tmp_path.iterdir())


KILLED = """
import os, pathlib, signal, sys, time, lightning_sweeps
run = lightning_sweeps.init("killed")
for step in range(50): run.log({"x": step})
while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)
if run.rank == 1: os.kill(os.getpid(), signal.SIGKILL)
time.sleep(600)
"""


@pytest.mark.fault
def test_a_rank_killed_under_torchrun_loses_no_row_and_reports_its_signal(tmp_path: Path) -> None:
    """Rank 1 is killed by a signal, and torchrun then ends rank 0. Each run has its own reason."""
    home, program, go = tmp_path / "cut", tmp_path / "train.py", tmp_path / "go"
    program.write_text(KILLED)
    words = ["--nproc-per-node", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", str(program), str(go)]
    with running_server(home) as (client, _):
        torchrun = subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *words], env=variables(home), stderr=subprocess.DEVNULL
        )
        wait_until(lambda: len(client.runs(project="killed").runs) == 2, timeout_s=120, what="both runs")
        go.touch()
        assert torchrun.wait(120) != 0
        wait_until(lambda: {run.state for run in client.runs(project="killed").runs} == {"killed"}, what="both ends")
        by_rank = {run.rank: run for run in client.runs(project="killed").runs}
        assert by_rank[1].reason == "killed by signal 9 (SIGKILL)"
        assert by_rank[0].reason == "killed by signal 15 (SIGTERM)"
        for run in by_rank.values():
            assert [point.value for point in client.points(run.id, "x")] == list(range(50))
        end_service(home)
