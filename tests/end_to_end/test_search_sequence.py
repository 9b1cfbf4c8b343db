"""On one slot the product gives the points of the search method as a pure function, from an empty home on.

The metric is the last thing that a trial logs, so a search that did not wait for it would choose other points.
"""

from __future__ import annotations

import inspect
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import ONE_THREAD, environment
from lightning_sweeps.messages import Trial
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.system.local_server import read_server_file
from tests.homes import empty_home

METHODS = ("grid", "random", "bayes", "tpe", "cmaes", "qmc")
SEEDS = (1, 2, 3)
TRIALS = 20
LIMIT_S = 300.0

SPACE: dict[str, Any] = {
    "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
    "width": {"min": 1, "max": 8},
    "activation": {"values": ["relu", "gelu", "tanh"]},
}
GRID = {"width": {"min": 1, "max": 7}, "activation": {"values": ["relu", "gelu", "tanh"]}}


def loss_of(lr: float = 1e-3, width: int = 4, activation: str = "relu") -> float:
    """Return the objective, here and in the programs of the trials."""
    return (math.log10(lr) + 3) ** 2 + 0.1 * (width - 5) ** 2 + {"relu": 0.2, "gelu": 0.0, "tanh": 0.5}[activation]


OBJECTIVE = f"import math\n{inspect.getsource(loss_of)}"
PROGRAM = (
    OBJECTIVE
    + """
import lightning_sweeps
run = lightning_sweeps.init()
run.log({"other": 1.0})
run.log({"loss": loss_of(**run.trial.params)})
"""
)
FUNCTION = (
    OBJECTIVE
    + """
import json, sys, lightning_sweeps
def train():
    run = lightning_sweeps.init()
    run.log({"other": 1.0})
    run.log({"loss": loss_of(**run.trial.params)})
sweep_id = lightning_sweeps.sweep(json.load(open(sys.argv[1])))
lightning_sweeps.agent(sweep_id, train)
best = lightning_sweeps.best(sweep_id)
print("best", best.number, best.objective)
"""
)
STUDY = (
    OBJECTIVE
    + """
import json, sys, lightning_sweeps
with lightning_sweeps.study(json.load(open(sys.argv[1]))) as study:
    for trial in study:
        study.tell(trial, loss_of(**trial.params))
    print("best", study.best.number, study.best.objective)
"""
)


def config_of(method: str, seed: int, *, trials: int) -> dict[str, Any]:
    return {
        "program": "train.py",
        "method": method,
        "seed": seed,
        "run_cap": trials,
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": GRID if method == "grid" else SPACE,
    }


def sequence_of_the_method(config: dict[str, Any], *, trials: int) -> list[dict[str, Any]]:
    """Return `pure_sequence` from a process with as many threads as the server gives a fit."""
    code = (
        "import json, sys; from tests.end_to_end.test_search_sequence import pure_sequence;"
        f" print(json.dumps(pure_sequence(json.loads(sys.argv[1]), trials={trials})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(config)],
        cwd=Path(__file__).parents[2],
        env=environment() | ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    points: list[dict[str, Any]] = json.loads(done.stdout)
    return points


def pure_sequence(config: dict[str, Any], *, trials: int) -> list[dict[str, Any]]:
    """Return the points of the method when it knows all earlier results."""
    definition = define_sweep(config)
    history: list[Observation] = []
    for number in range(1, trials + 1):
        params = definition.method.suggest(definition.space, history, number=number, seed=config["seed"])
        assert params is not None
        loss = loss_of(**params)
        assert math.isfinite(loss)
        history.append(Observation(number, dict(params), loss, "finished", loss))
    return [trial.params for trial in history]


def run_sweep(kind: str, config: dict[str, Any], folder: Path, variables: dict[str, str]) -> str:
    """Run the sweep as `kind` says, and return what was printed."""
    (folder / "train.py").write_text({"function": FUNCTION, "study": STUDY}.get(kind, PROGRAM))
    (folder / "sweep.json").write_text(json.dumps(config))
    tune = [sys.executable, "-m", "lightning_sweeps.cli", "tune", "sweep.json", "--slots", "1"]
    words = {
        "warm": tune,
        "cold": [*tune, "--cold"],
        "function": [sys.executable, "train.py", "sweep.json"],
        "study": [sys.executable, "train.py", "sweep.json"],
    }[kind]
    done = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def trials_of(folder: Path) -> list[Trial]:
    server = read_server_file(Home(folder / "home").server_file)
    assert server is not None
    with Client(server.url, server.token) as client:
        (sweep,) = client.sweeps()
        return client.trials(sweep.id)


def check(kind: str, method: str, seed: int, folder: Path, *, trials: int) -> None:
    config = config_of(method, seed, trials=trials)
    with empty_home(folder) as variables:
        printed = run_sweep(kind, config, folder, variables)
        found = trials_of(folder)
    assert [trial.params for trial in found] == sequence_of_the_method(config, trials=trials)
    assert [trial.objective for trial in found] == [loss_of(**trial.params) for trial in found]
    ends = [trial.end_number or 0 for trial in found]
    if define_sweep(config).method.needs_metric:
        assert ends == list(range(1, trials + 1))
    assert sorted(ends) == list(range(1, trials + 1))  # the others do not wait for the values of the trial before
    assert not any(trial.unseen_ends for trial in found)
    best = min(found, key=lambda trial: (trial.objective, trial.number))
    assert "no value" not in printed
    assert (
        f"best {best.number} {best.objective}" if kind in ("function", "study") else f"Best: trial {best.number},"
    ) in printed


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("warm", "bayes"),
        ("cold", "tpe"),
        ("function", "bayes"),
        ("study", "bayes"),
        ("study", "random"),
        ("study", "grid"),
    ],
)
def test_the_points_are_those_of_the_method(kind: str, method: str, tmp_path: Path) -> None:
    check(kind, method, 3, tmp_path, trials=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["warm", "cold", "function", "study"])
def test_all_methods_and_kinds_of_trials_give_the_points_of_the_method(
    kind: str, method: str, seed: int, tmp_path: Path
) -> None:
    check(kind, method, seed, tmp_path, trials=TRIALS)
