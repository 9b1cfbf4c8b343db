"""W&B's `scheduler`, `metrics` of one entry and `method: custom` become our methods, or one clear message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import parse_sweep, validate
from tests.extensions import install_extension

PARAMETERS = {"x": {"min": 0.0, "max": 1.0}}
ONE = {"metric": {"name": "loss"}}
TWO = {"metrics": [{"name": "loss"}, {"name": "acc", "goal": "maximize"}]}
FUNCTIONS = {"source": "search.py", "optimizer": "make_study", "search_space": "space"}


def faults(**keys: Any) -> dict[str, str]:
    with pytest.raises(SweepFileError) as caught:
        validate(keys)
    return {fault.key: fault.message for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("engine", "keys", "method"),
    [
        ("optuna", {"method": "custom", **ONE}, "tpe"),
        ("optuna", ONE, "tpe"),
        ("optuna", {"method": "custom", **TWO}, "nsga2"),
        ("optuna", {"metrics": [ONE["metric"]]}, "tpe"),
        ("optuna", {"method": "random", **ONE}, "random"),
        ("ax", {"method": "custom", **ONE}, "bayes"),
        ("ax", ONE, "bayes"),
        ("ax", TWO, "nsga2"),
        ("wandb", {"method": "bayes", **ONE}, "bayes"),
        ("wandb", {"method": "random"}, "random"),
    ],
)
def test_an_engine_becomes_a_method(engine: str, keys: dict[str, Any], method: str) -> None:
    parsed = validate({"parameters": PARAMETERS, "scheduler": {"engine": engine}, **keys})
    assert parsed.config.method == parsed.raw["method"] == method
    assert "scheduler" not in parsed.raw
    assert parsed.warnings == []


@pytest.mark.parametrize("method", ["random", "bayes", "tpe"])
def test_metrics_of_one_entry_is_a_metric(method: str) -> None:
    parsed = validate({"method": method, "parameters": PARAMETERS, "metrics": [ONE["metric"]]})
    assert parsed.config.metric is not None
    assert parsed.config.metric.name == "loss"
    assert parsed.config.metrics is None


def test_functions_are_not_called_and_a_warning_names_each() -> None:
    parsed = validate({"parameters": PARAMETERS, **ONE, "scheduler": {"engine": "optuna", **FUNCTIONS}})
    optimizer, search_space = parsed.warnings
    assert "`make_study` in `scheduler.optimizer` is not called: the sweep runs `method: tpe`" in optimizer
    assert "`space` in `scheduler.search_space` is not called: the sweep searches `parameters`" in search_space


def test_a_search_space_in_python_is_the_only_fault() -> None:
    found = faults(method="custom", **ONE, scheduler={"engine": "optuna", **FUNCTIONS})
    assert list(found) == ["scheduler.search_space"]
    assert "write the space as `parameters`, with `when`" in found["scheduler.search_space"]


@pytest.mark.parametrize(
    ("scheduler", "key", "words"),
    [
        (3, "scheduler", "is `3`, allowed: a map with an `engine`"),
        ({}, "scheduler", "is `{}`, a map, allowed: a map with an `engine`"),
        ({"engine": "hyperopt"}, "scheduler.engine", "allowed: wandb, optuna, ax"),
        ({"engin": "ax"}, "scheduler.engin", "did you mean `engine`?"),
        ({"engine": "ax", "sauce": "x.py"}, "scheduler.sauce", "did you mean `source`?"),
    ],
)
def test_faults_of_a_scheduler(scheduler: Any, key: str, words: str) -> None:
    found = faults(parameters=PARAMETERS, method="random", scheduler=scheduler)
    assert list(found) == [key]
    assert words in found[key]


def test_a_fault_of_a_scheduler_has_its_line() -> None:
    with pytest.raises(SweepFileError, match=r"line 3: `scheduler\.engine`"):
        parse_sweep("parameters: {x: {value: 1}}\nscheduler:\n  engine: none\n")


@pytest.mark.parametrize(
    ("keys", "method"),
    [
        ({"method": "random"}, "random"),
        (ONE, "tpe"),
        ({"method": "custom", **TWO}, "nsga2"),
        (
            {"scheduler": {"job": "a/b/c:latest", "settings": {"method": "grid"}}, "parameters": {"x": {"value": 1}}},
            "grid",
        ),
    ],
    ids=["method", "none", "custom", "settings"],
)
def test_a_job_of_launch_becomes_a_method(keys: dict[str, Any], method: str) -> None:
    scheduler = {"job": "a/b/c:latest", "num_workers": 4, "settings": {"pruner": {}}}
    parsed = validate({"parameters": PARAMETERS, "scheduler": scheduler, **keys})
    assert parsed.config.method == method
    assert f"the server runs the search, `method: {method}`" in parsed.warnings[0]


def test_a_job_of_launch_that_defines_the_space_is_one_fault() -> None:
    found = faults(**ONE, scheduler={"job": "a/b/c:latest", "settings": {"optuna_source": "space.py"}})
    assert list(found) == ["parameters"]
    assert "write it as `parameters`" in found["parameters"]


def test_method_is_needed_beside_the_engine_that_does_not_tell() -> None:
    assert "is missing" in faults(parameters=PARAMETERS, scheduler={"engine": "wandb"})["method"]


def test_a_custom_method_says_how_to_add_one() -> None:
    message = faults(parameters=PARAMETERS, method="custom")["method"]
    assert "install a package that registers it as a method" in message


OWN_SEARCH = """
    from lightning_sweeps.sweeps.methods import Method

    class Halves(Method):
        needs_metric = False

        def suggest(self, space, history, *, number, seed):
            return {"x": 0.5 ** number}
"""

CUSTOM_SWEEP = """
method: custom
program: train.py
scheduler: {engine: optuna, source: search.py, optimizer: make_study}
metric: {name: loss}
parameters: {x: {min: 0.0, max: 1.0}}
"""


def test_a_package_can_run_files_with_a_custom_method(tmp_path: Path) -> None:
    site = install_extension(tmp_path / "site", OWN_SEARCH, {"lightning_sweeps.methods": {"custom": "Halves"}})
    (tmp_path / "sweep.yaml").write_text(CUSTOM_SWEEP)
    (tmp_path / "train.py").touch()
    words = [sys.executable, "-m", "lightning_sweeps.cli", "sweep", "--check", "sweep.yaml"]
    environ = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()[2:]] == ["--x=0.5", "--x=0.25", "--x=0.125"]
    assert "the sweep runs `method: custom`" in done.stderr
