"""Files like those in W&B's documentation of sweeps give the command lines that W&B documents for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lightning_sweeps.agents.launch.command import CommandContext, build_command
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.sweeps.config import parse_sweep
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.preview import first_points

CONTEXT = CommandContext("python", {"DATA": "/data"}, TrialFolder(Path("/h/trials/t1")), processes=1, launch_id="t1-0")
FILE = """
program: train.py
method: grid
parameters:
  batch_size: {value: 8}
  flag: {value: true}
  lr: {value: 0.0001}
  off: {value: false}
"""
ARGS = ["--batch_size=8", "--flag=True", "--lr=0.0001", "--off=False"]


def first_words(text: str) -> list[str]:
    """Return the command line of the first trial of a sweep file."""
    parsed = parse_sweep(text)
    (params,) = first_points(SweepDefinition.of(parsed.config), seed=1, count=1)
    return build_command(parsed.raw, params, context=CONTEXT)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("${env} ${interpreter} ${program} ${args}", ["/usr/bin/env", "python", "train.py", *ARGS]),
        ("${env} python3 ${program} ${args}", ["/usr/bin/env", "python3", "train.py", *ARGS]),
        ("${interpreter} ${program} ${args}", ["python", "train.py", *ARGS]),
        ("${env} ${interpreter} ${program}", ["/usr/bin/env", "python", "train.py"]),
        ("${interpreter} ${program} --config base ${args}", ["python", "train.py", "--config", "base", *ARGS]),
        ("${interpreter} ${program} ${args_no_hyphens}", ["python", "train.py", *(word[2:] for word in ARGS)]),
        ("${program} ${args_no_boolean_flags}", ["train.py", "--batch_size=8", "--flag", "--lr=0.0001"]),
        ("${program} --data ${envvar:DATA}", ["train.py", "--data", "/data"]),
        ("${program} --batch_size=${batch_size}", ["train.py", "--batch_size=8"]),
        ("${program} --name=${not_a_parameter} --test=True", ["train.py", "--name=${not_a_parameter}", "--test=True"]),
        ("${program} ${args_json_file}", ["train.py", "/h/trials/t1/args.json"]),
        ("torchrun --nproc_per_node=2 ${program} ${args}", ["torchrun", "--nproc_per_node=2", "--", "train.py", *ARGS]),
    ],
)
def test_documented_commands(command: str, words: list[str]) -> None:
    assert first_words(f"{FILE}command: {json.dumps(command.split())}\n") == words


def test_the_json_macro_is_one_word() -> None:
    words = first_words(f'{FILE}command: ["${{program}}", "${{args_json}}"]\n')
    assert json.loads(words[1]) == {"batch_size": 8, "flag": True, "lr": 0.0001, "off": False}


NESTED = """
program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  batch_size: {values: [32, 64]}
  optimizer:
    parameters:
      lr: {values: [0.001, 0.0001]}
      nadam: {parameters: {beta: {values: [0.9, 0.95]}}}
"""

BASICS = """
program: train.py
name: sweepdemo
method: METHOD
metric: {goal: minimize, name: validation_loss}
parameters:
  learning_rate: {min: 0.0001, max: 0.1}
  batch_size: {values: [16, 32, 64]}
  epochs: {values: [5, 10, 15]}
  optimizer: {values: [adam, sgd]}
"""

EVERY_KEY = """
program: train.py
entity: my-team
project: my-project
name: every key
description: a sweep with every key
method: random
metric: {name: accuracy, goal: maximize, target: 0.95}
early_terminate: {type: hyperband, min_iter: 3, eta: 2, strict: true}
run_cap: 10
controller: {type: cloud}
parameters:
  layers: {distribution: int_uniform, min: 1, max: 5}
  dropout: {distribution: uniform, min: 0.1, max: 0.5}
  width: {distribution: q_log_uniform_values, min: 16, max: 256, q: 8}
  lr: {distribution: log_uniform_values, min: 0.00001, max: 0.1}
  kind: {distribution: categorical, values: [a, b]}
  weighted: {values: [a, b], probabilities: [0.9, 0.1]}
  momentum: {distribution: beta, a: 2, b: 5}
  noise: {distribution: q_normal, mu: 1, sigma: 2, q: 0.5}
  scale: {distribution: log_normal, mu: 0, sigma: 1}
command: ["${env}", "${interpreter}", "${program}", "${args}"]
"""


def test_nested_parameters() -> None:
    assert first_words(NESTED)[2:] == ["--batch_size=32", "--optimizer={'lr': 0.001, 'nadam': {'beta': 0.9}}"]


def test_nested_parameters_below_a_name_with_a_dot() -> None:
    text = NESTED.replace("  optimizer:", "  model.optimizer:")
    assert first_words(text)[2:] == ["--batch_size=32", "--model.optimizer={'lr': 0.001, 'nadam': {'beta': 0.9}}"]


LAUNCH = """
job: 'team/project/job-train:latest'
description: a sweep of W&B Launch
run_cap: 5
metric: {name: epoch/val_loss, goal: minimize}
scheduler:
  job: team/project/job-scheduler:latest
  resource: local-container
  num_workers: 2
  settings: {pruner: {type: PercentilePruner, args: {percentile: 25.0, n_warmup_steps: 10}}}
launch: {registry: somewhere}
parameters:
  learning_rate: {min: 0.0001, max: 0.1}
  epochs: {min: 0, max: 20, distribution: int_uniform}
"""


def test_a_file_for_launch() -> None:
    parsed = parse_sweep(LAUNCH)
    assert parsed.config.method == "tpe"
    assert [warning.split("`")[1] for warning in parsed.warnings[:2]] == ["job", "launch"]
    assert len(first_words(f"program: train.py\n{LAUNCH}")) == 2 + 2


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_the_basic_file(method: str) -> None:
    words = first_words(BASICS.replace("METHOD", method))
    assert [word.partition("=")[0] for word in words[2:]] == [
        "--batch_size",
        "--epochs",
        "--learning_rate",
        "--optimizer",
    ]


@pytest.mark.parametrize("engine", ["optuna", "ax"])
def test_a_file_for_a_scheduler(engine: str) -> None:
    text = BASICS.replace("METHOD", "custom") + f"scheduler: {{engine: {engine}}}\n"
    assert len(first_words(text)) == 6
    several = "metrics:\n- {name: validation_loss, goal: minimize}\n- {name: accuracy, goal: maximize}\n"
    without = text.replace("metric: {goal: minimize, name: validation_loss}\n", several)
    assert parse_sweep(without).config.method == "nsga2"
    assert len(first_words(without)) == 6


def test_a_file_with_every_key() -> None:
    parsed = parse_sweep(EVERY_KEY)
    assert [warning.split("`")[1] for warning in parsed.warnings] == ["entity", "controller"]
    assert len(first_words(EVERY_KEY)) == 3 + 9


@pytest.mark.parametrize(
    "early_terminate",
    [
        "{type: hyperband, min_iter: 3}",
        "{type: hyperband, min_iter: 3, eta: 3}",
        "{type: hyperband, max_iter: 27, s: 2}",
    ],
)
def test_documented_stopping(early_terminate: str) -> None:
    assert parse_sweep(f"{NESTED}early_terminate: {early_terminate}\n").warnings == []


def test_parameters_of_hydra_keep_their_names() -> None:
    names = ["+gpu", "++wandb.project", "model/encoder", "~trainer", "db@pkg"]
    parameters = {name: {"value": 1} for name in names}
    command = ["${program}", "${args_no_hyphens}"]
    words = first_words(json.dumps({"program": "t.py", "method": "grid", "parameters": parameters, "command": command}))
    assert sorted(words[1:]) == sorted(f"{name}=1" for name in names)
