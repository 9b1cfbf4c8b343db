"""Measures how long a sweep takes besides its trials, and what the search finds: the whole product on one slot.

    python -m benchmarks.turnaround [--trials 50] [--seconds 0 1 10] [--seed 3] [--busy 0]

Each contender runs sequential trials of branin, whose value is the last thing that a trial logs. The product runs as
people use it: `lightning-sweeps tune` with a program (warm start), and `agent(function=)`. Beside it run the search
method itself in a loop, and Optuna's TPE in process (`study.optimize`). Ray Tune runs if it is installed.
The last part measures the time from a trial's `log()` to the value in the sweep's table. `--busy` starts processes that
keep cores busy. Set `OMP_NUM_THREADS=1`, as the server does for its fits.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search_problems import PROBLEMS, branin
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.system.local_server import read_server_file
from tests.homes import empty_home

PROBLEM = next(problem for problem in PROBLEMS if problem.name == "branin")
ROWS = 200
ROW_PAUSE_S = 0.05

PROGRAM = """
from __future__ import annotations
import math, time
import lightning_sweeps
{objective}
run = lightning_sweeps.init()
time.sleep({seconds})
run.log({{"loss": branin(run.trial.params)}})
"""
FUNCTION = """
from __future__ import annotations
import json, math, time
import lightning_sweeps
{objective}
def train(trial):
    run = lightning_sweeps.init()
    time.sleep({seconds})
    run.log({{"loss": branin(trial.params)}})
sweep_id = lightning_sweeps.sweep(json.load(open("sweep.json")))
began = time.monotonic()
lightning_sweeps.agent(sweep_id, train)
print(time.monotonic() - began)
"""
LATENCY = """
import time
import lightning_sweeps
run = lightning_sweeps.init()
for step in range({rows}):
    time.sleep({pause_s})
    run.log({{"loss": 1.0 / (step + 1)}}, step=step)
"""


def config_of(*, trials: int, seed: int) -> dict[str, Any]:
    return {
        "program": "train.py",
        "method": "bayes",
        "seed": seed,
        "run_cap": trials,
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": PROBLEM.parameters,
    }


def trials_of(folder: Path) -> list[Any]:
    server = read_server_file(Home(folder / "home").server_file)
    assert server is not None
    with Client(server.url, server.token) as client:
        return client.trials(client.sweeps()[0].id)


def run_product(kind: str, config: dict[str, Any], *, seconds: float) -> tuple[float, float]:
    """Run a sweep from an empty home; return the seconds from the first lease to the last value, and the best value."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        code = PROGRAM if kind == "program" else FUNCTION
        (folder / "train.py").write_text(code.format(seconds=seconds, objective=inspect.getsource(branin)))
        (folder / "sweep.json").write_text(json.dumps(config))
        words = ["-m", "lightning_sweeps.cli", "tune", "sweep.json", "--slots", "1", "--quiet"]
        words = words if kind == "program" else ["train.py"]
        with empty_home(folder) as variables:
            subprocess.run([sys.executable, *words], cwd=folder, env=variables, stdout=subprocess.DEVNULL, check=True)
            found = trials_of(folder)
    wall_s = max(trial.ended for trial in found) - (min(trial.started for trial in found) - found[0].start_s)
    return wall_s, min(trial.objective for trial in found)


def run_pure(config: dict[str, Any], *, seconds: float) -> tuple[float, float]:
    """Run the search method in a loop in this process."""
    definition, history = define_sweep(config), list[Observation]()
    definition.method.load()
    began = time.monotonic()
    for number in range(1, config["run_cap"] + 1):
        params = definition.method.suggest(definition.space, history, number=number, seed=config["seed"])
        assert params is not None
        time.sleep(seconds)
        value = PROBLEM.evaluate(params)
        history.append(Observation(number, dict(params), value, "finished", value))
    return time.monotonic() - began, min(trial.objective or math.inf for trial in history)


def run_optuna(config: dict[str, Any], *, seconds: float) -> tuple[float, float]:
    """Run `study.optimize` in this process."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ranges = {name: (spec["min"], spec["max"]) for name, spec in config["parameters"].items()}

    def objective(trial: optuna.Trial) -> float:
        params = {name: trial.suggest_float(name, *bounds) for name, bounds in ranges.items()}
        time.sleep(seconds)
        return PROBLEM.evaluate(params)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=config["seed"]))
    began = time.monotonic()
    study.optimize(objective, n_trials=config["run_cap"])
    return time.monotonic() - began, float(study.best_value)


def run_ray(config: dict[str, Any], *, seconds: float) -> tuple[float, float]:
    """Run Ray Tune with one trial at a time."""
    tune: Any = import_module("ray.tune")

    def objective(params: dict[str, Any]) -> dict[str, float]:
        time.sleep(seconds)
        return {"loss": PROBLEM.evaluate(params)}

    space = {name: tune.uniform(spec["min"], spec["max"]) for name, spec in config["parameters"].items()}
    limits = tune.TuneConfig(metric="loss", mode="min", num_samples=config["run_cap"], max_concurrent_trials=1)
    quiet = tune.RunConfig(verbose=0)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        tune.Tuner(lambda _: {"loss": 0.0}).fit()  # starts Ray's processes, which are not counted
        began = time.monotonic()
        results = tune.Tuner(objective, param_space=space, tune_config=limits, run_config=quiet).fit()
    return time.monotonic() - began, float(results.get_best_result().metrics["loss"])


def latencies_ms() -> list[float]:
    """Return the time from `log()` to the value on the server for each row of one trial, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "train.py").write_text(LATENCY.format(rows=ROWS, pause_s=ROW_PAUSE_S))
        config = config_of(trials=1, seed=1) | {"method": "random"}
        (folder / "sweep.json").write_text(json.dumps(config))
        with empty_home(folder) as variables:
            words = [sys.executable, "-m", "lightning_sweeps.cli", "tune", "sweep.json", "--slots", "1", "--quiet"]
            tune = subprocess.Popen(words, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
            seen = _watch(Home(folder / "home"), tune)
            server = read_server_file(Home(folder / "home").server_file)
            assert server is not None
            with Client(server.url, server.token) as client:
                (run,) = client.runs().runs
                logged = [point.time for point in client.points(run.id, "loss", x="step", limit=ROWS)]
    return [1000 * (seen[count] - logged[count - 1]) for count in seen]


def _watch(home: Home, tune: subprocess.Popen[bytes]) -> dict[int, float]:
    """Return when the server first showed each number of reports of the trial."""
    seen: dict[int, float] = {}
    client: Client | None = None
    while tune.poll() is None:
        if client is None:
            file = read_server_file(home.server_file)
            client = None if file is None else Client(file.url, file.token)
            continue
        for sweep in client.sweeps()[:1]:
            for trial in client.trials(sweep.id):
                if trial.reports:
                    seen.setdefault(trial.reports, time.time())
    if client is not None:
        client.close()
    return seen


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep cores busy during the block."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.0, 1.0, 10.0], help="durations of a trial")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--busy", type=int, default=0, help="processes that keep cores busy")
    given = parser.parse_args()
    config = config_of(trials=given.trials, seed=given.seed)
    contenders: list[tuple[str, Callable[..., tuple[float, float]]]] = [
        ("program, warm", lambda config, seconds: run_product("program", config, seconds=seconds)),
        ("function", lambda config, seconds: run_product("function", config, seconds=seconds)),
        ("`bayes` as a pure function", run_pure),
        ("Optuna TPE, `study.optimize`", run_optuna),
    ]
    if find_spec("ray") is not None:
        contenders.append(("Ray Tune, random search", run_ray))
    optimum = PROBLEM.best
    assert optimum is not None
    print(f"| {given.trials} trials of {PROBLEM.name} | s of a trial | wall s | ours, ms a trial | share | regret |")
    print("|---|---|---|---|---|---|")
    with busy(given.busy):
        for seconds in given.seconds:
            for name, run in contenders:
                wall_s, best = run(config, seconds=seconds)
                ours_s = wall_s - given.trials * seconds
                print(
                    f"| {name} | {seconds:g} | {wall_s:.1f} | {1000 * ours_s / given.trials:.0f}"
                    f" | {ours_s / wall_s:.0%} | {best - optimum:.3g} |",
                    flush=True,
                )
        found = latencies_ms()
    print(f"from log() to the sweep's table: median {np.median(found):.0f} ms, p95 {np.quantile(found, 0.95):.0f} ms")
    print(f"load average of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
