"""A sweep with repeats, as a user runs it: two slots, real programs, and what Python reads afterwards."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.api import figures
from lightning_sweeps.api.query import Api
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.local_server import read_server_file
from tests.homes import empty_home

LIMIT_S = 300.0

SWEEP = """
program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  x: {values: [1, 2, 3]}
repeats: {count: 3, seed: seed}
"""
PROGRAM = """
import sys
import lightning_sweeps

run = lightning_sweeps.init()
trial = lightning_sweeps.current_trial()
assert f"--seed={trial.seed}" in sys.argv and f"--x={trial.params['x']}" in sys.argv
assert trial.params["seed"] == trial.repeat == trial.seed and trial.point == trial.params["x"]
if (trial.point, trial.seed) == (2, 3):
    raise SystemExit("the third seed of the second point")
run.log({"loss": trial.params["x"] + trial.seed / 10})
"""


@pytest.mark.slow
@pytest.mark.launch
def test_a_sweep_with_repeats_runs_on_two_slots(tmp_path: Path) -> None:
    with empty_home(tmp_path) as variables:
        (tmp_path / "sweep.yaml").write_text(SWEEP)
        (tmp_path / "train.py").write_text(PROGRAM)
        tune = [sys.executable, "-m", "lightning_sweeps.cli", "tune", "sweep.yaml", "--slots", "2"]
        done = subprocess.run(
            tune, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert "Best: point 1, loss 1.2 ± 0.1 (3 of 3) with x=1" in done.stdout, done.stdout + done.stderr
        assert "2.15 ± 0.071 (2 of 3, 1 failed)" in done.stdout
        described = read_server_file(Home(Path(variables["LIGHTNING_SWEEPS_HOME"])).server_file)
        assert described is not None
        with Client(described.url, described.token) as client, Api(client) as api:
            (sweep,) = api.sweeps()
            points, trials = list(api.sweep_points(sweep.id)), list(api.trials(sweep.id))
            logged = {
                trial["number"]: run["summary.loss"]
                for trial in trials
                for run in api.runs(filter=f'trial = "{trial["id"]}"', columns=["summary.loss"])
            }
            bars = figures.history(api, sweep.id).data[0].error_y.array
    assert sorted((trial["point"], trial["repeat"]) for trial in trials) == [
        (point, repeat) for point in (1, 2, 3) for repeat in (1, 2, 3)
    ]
    for point in points:
        values = [logged[number] for number in point["trials"] if logged[number] is not None]
        assert point["value"] == pytest.approx(statistics.fmean(values))
        assert point["spread"] == pytest.approx(statistics.stdev(values))
    assert list(bars) == [point["spread"] for point in points]
    assert sweep.best_point is not None
    assert (sweep.best_point.number, sweep.best_point.params, sweep.state) == (1, {"x": 1}, "finished")
