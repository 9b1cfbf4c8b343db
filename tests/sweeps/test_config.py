"""Sweep files: how they are read, and every error with its line, its key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.core import macros
from lightning_sweeps.errors import SweepFileError, UsageError
from lightning_sweeps.sweeps.config import IGNORED_KEYS, load_sweep_file, parse_sweep, read_config, validate
from lightning_sweeps.sweeps.distributions import MODELS, Nested, form_of
from lightning_sweeps.sweeps.methods import BUILT_IN, METHODS

SMALL = {"method": "random", "parameters": {"x": {"value": 1}}}


def faults(**changes: Any) -> dict[str, str]:
    """Return the faults of the small sweep with some keys changed (None: left out), by key."""
    raw = {key: value for key, value in (SMALL | changes).items() if value is not None}
    with pytest.raises(SweepFileError) as caught:
        validate(raw)
    assert all(fault.line == 0 for fault in caught.value.faults)
    return {fault.key: fault.message for fault in caught.value.faults}


def parameter_faults(raw: Any) -> dict[str, str]:
    return faults(parameters={"p": raw})


def test_a_complete_file() -> None:
    parsed = parse_sweep(
        """
program: train.py
command: ["${env}", "${interpreter}", "${program}", "--lr=${model.lr}", "${envvar:HOME}/x", "${args_json_file}", 3]
method: bayes
metric: {name: val/acc, goal: maximize, target: 0.9, impute: best, impute_while_running: latest}
parameters:
  model:
    parameters:
      lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
      deep: {parameters: {k: {values: [a, [1, 2], {b: null}]}}}
  width: {min: 1, max: 8}
  rate: {min: 0, max: 0.5}
  flip: {values: ["yes", "no"], probabilities: [0.3, 0.7]}
early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3, strict: false}
run_cap: 20
name: a name
description: some words
project: digits
seed: 7
resources: {processes: 2, gpus: 0}
max_failures: 3
retry: 0
"""
    )
    config = parsed.config
    assert parsed.warnings == []
    assert config.command is not None
    assert config.command[-1] == "3"
    assert config.metric is not None
    assert (config.metric.name, config.goal, config.metric.target) == ("val/acc", "maximize", 0.9)
    assert {name: form_of(parameter) for name, parameter in config.parameters.items()} == {
        "model": "nested",
        "width": "int_uniform",
        "rate": "uniform",
        "flip": "categorical_w_probabilities",
    }
    assert isinstance(config.parameters["model"], Nested)
    assert parsed.raw["parameters"]["flip"]["values"] == ["yes", "no"]
    assert (config.resources.processes, config.resources.gpus, config.resources.nodes) == (2, 0, 1)
    assert (config.max_failures, config.retry, config.seed, config.run_cap) == (3, 0, 7, 20)
    assert read_config(parsed.raw) == config


def test_defaults() -> None:
    config = validate(SMALL).config
    assert (config.max_failures, config.retry, config.seed, config.run_cap) == (5, 1, None, None)
    assert (config.metric, config.goal, config.early_terminate) == (None, "minimize", None)
    assert config.resources.processes is None


EVERY_DISTRIBUTION: dict[str, dict[str, Any]] = {
    "constant": {"value": None},
    "categorical": {"values": [1]},
    "categorical_w_probabilities": {"values": [1, 2], "probabilities": [1, 0]},
    "int_uniform": {"min": 1.0, "max": 3},
    "uniform": {"min": 1, "max": 3},
    "q_uniform": {"min": 1, "max": 3, "q": 0.5},
    "log_uniform": {"min": -3, "max": 0},
    "log_uniform_values": {"min": 1e-5, "max": 1},
    "q_log_uniform": {"min": 0, "max": 3},
    "q_log_uniform_values": {"min": 1, "max": 100},
    "inv_log_uniform": {"min": -3, "max": 0},
    "inv_log_uniform_values": {"min": 1e-5, "max": 1},
    "normal": {},
    "q_normal": {"mu": 1, "sigma": 2, "q": 0.1},
    "log_normal": {"mu": -1},
    "q_log_normal": {"sigma": 0.5},
    "beta": {"a": 2},
    "q_beta": {"b": 2, "q": 0.1},
}


@pytest.mark.parametrize("name", list(MODELS))
def test_every_distribution_is_read(name: str) -> None:
    validate({"method": "random", "parameters": {"p": {"distribution": name, **EVERY_DISTRIBUTION[name]}}})


@pytest.mark.parametrize(
    ("raw", "key", "words"),
    [
        (3, "", "is `3`, allowed: a map with `value`, `values`"),
        ({}, "", "has no keys, allowed: `value`"),
        ({"vaule": 1}, "", "did you mean `value`?"),
        (
            {"mu": 0, "sigma": 1},
            "",
            "has `mu`, `sigma`, and `distribution` is missing, allowed with these keys: `normal`",
        ),
        ({"distribution": "unifrom", "min": 0, "max": 1}, "", "did you mean `uniform`?"),
        ({"distribution": 3}, "", "has the `distribution` `3`"),
        ({"min": 1}, ".max", "is missing"),
        ({"min": 2, "max": 2}, "", "`min` is `2` and `max` is `2`, allowed: `min` below `max`"),
        ({"min": "1e-5", "max": 1}, ".min", "is `1e-5`, a string, allowed: a number; write `1.0e-05` without quotes"),
        ({"min": True, "max": 1}, ".min", "is `true`, a truth value, allowed: a number"),
        ({"min": 0.0, "max": float("inf")}, ".max", "is `inf`, allowed: a number"),
        ({"min": 0, "max": 10**30}, ".max", "allowed: a whole number"),
        ({"min": 0, "max": 1, "q": 1}, ".q", "is not a key of `parameters.p` with the distribution `int_uniform`"),
        ({"distribution": "int_uniform", "min": 1.5, "max": 3}, ".min", "allowed: a whole number"),
        ({"distribution": "q_uniform", "min": 1, "max": 3, "q": 0}, ".q", "allowed: a number > 0"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 3}, ".min", "allowed: a number > 0"),
        ({"distribution": "log_uniform", "min": 1, "max": 1000}, "", "allowed: -700 to 700"),
        ({"distribution": "normal", "sigma": -1}, ".sigma", "allowed: a number > 0"),
        ({"distribution": "log_normal", "sigma": 1000}, "", "up to 700"),
        ({"values": []}, ".values", "allowed: a list of at least one value"),
        ({"values": 3}, ".values", "allowed: a list"),
        ({"values": [float("nan")]}, ".values", "finite"),
        ({"values": [2**70]}, ".values", "64 bits"),
        ({"values": [1, 2], "probabilities": [1]}, "", "has 1 numbers for 2 `values`"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "", "has the sum 1.1, allowed: 1"),
        ({"values": [1, 2], "probabilities": [-1, 2]}, ".probabilities[0]", "allowed: a number >= 0"),
        ({"parameters": {}}, ".parameters", "is empty"),
        ({"parameters": 3}, ".parameters", "allowed: a map"),
        ({"parameters": {"a": {"min": 1}}}, ".parameters.a.max", "is missing"),
        ({"parameters": {"a b": {"value": 1}}}, ".parameters.a b", "is not a valid parameter name"),
    ],
)
def test_errors_of_one_parameter(raw: Any, key: str, words: str) -> None:
    found = parameter_faults(raw)
    assert list(found) == ["parameters.p" + key]
    assert words in found["parameters.p" + key]


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"method": None}, "method", "is missing, allowed: grid, random, bayes"),
        ({"method": "bays", "metric": {"name": "x"}}, "method", "tpe, cmaes, qmc, nsga2; did you mean `bayes`?"),
        ({"method": "bayes"}, "metric", "the method `bayes` needs it"),
        ({"parameters": None}, "parameters", "is missing"),
        ({"parameters": {}}, "parameters", "is empty"),
        ({"parameters": [1]}, "parameters", "is `[1]`, a list, allowed: a map"),
        ({"paramters": {}}, "paramters", "did you mean `parameters`?"),
        ({"metric": {}}, "metric.name", "is missing"),
        ({"metric": "loss"}, "metric", "write `metric: {name: loss, goal: minimize}`"),
        ({"metric": {"name": "auc"}, "goal": "maximize"}, "goal", "write `metric: {name: auc, goal: maximize}`"),
        ({"goal": "maximize"}, "goal", "write `metric: {name: ..., goal: maximize}`"),
        ({"metric": {"name": "x", "goal": "min"}}, "metric.goal", "allowed: minimize, maximize"),
        ({"metric": {"name": "x", "impute": "mean"}}, "metric.impute", "allowed: worst, best, latest"),
        (
            {"metric": {"name": "x", "impute_while_running": True}},
            "metric.impute_while_running",
            "allowed: false, best, worst, latest",
        ),
        ({"metric": {"name": "x", "target": "0.1"}}, "metric.target", "write `0.1` without quotes"),
        ({"run_cap": 0}, "run_cap", "allowed: a whole number >= 1"),
        ({"run_cap": 2.5}, "run_cap", "is `2.5`"),
        ({"run_cap": True}, "run_cap", "is `true`"),
        ({"seed": "x"}, "seed", "allowed: a whole number"),
        ({"program": ""}, "program", "a string that is not empty"),
        ({"name": 3}, "name", "allowed: a string"),
        ({"retry": -1}, "retry", "allowed: a whole number >= 0"),
        ({"resources": {"gpu": 1}}, "resources.gpu", "did you mean `gpus`?"),
        ({"resources": {"processes": 0}}, "resources.processes", "allowed: a whole number >= 1"),
        ({"metrics": []}, "metrics", "is empty"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1}}, "early_terminate", "needs `metric`"),
        ({"command": "python x.py"}, "command", "allowed: a list of words"),
        ({"command": []}, "command", "allowed: a list of words"),
        ({"command": ["x", None]}, "command", "has `null` as word 2, allowed: strings; remove the empty entry"),
        ({"command": ["x", ["y"]]}, "command", "as word 2, allowed: strings; put it in quotes"),
        ({"command": ["${arg}"]}, "command[0]", "did you mean `args`?"),
        ({"command": ["${y}"]}, "command[0]", "unknown macro `${y}`"),
        ({"command": ["x", "${a b}", "${y}"]}, "command[2]", "`$${y}` is plain text"),
        ({"command": ["--y=${args}"]}, "command[0]", "must be a separate word"),
        ({"command": ["${x"]}, "command[0]", "not closed"),
        ({"command": ["--y=${envvar:"]}, "command[0]", "not closed"),
        ({"command": ["python3 t.py ${x}"]}, "command[0]", 'write each word as its own: ["python3", "t.py", "${x}"]'),
        ({"command": ["${env}", "A=1", "torchrun t.py"]}, "command[2]", "one word with blanks"),
        ({"command": ["${args_no_boolean_flags}"]}, "command[0]", "allowed here: a program"),
        ({"command": ["${envvar:1}"]}, "command[0]", "the name of an environment variable"),
        ({"command": ["${program}"]}, "program", "`command` uses `${program}`"),
    ],
)
def test_errors_of_one_key(changes: dict[str, Any], key: str, words: str) -> None:
    found = faults(**changes)
    assert list(found) == [key]
    assert words in found[key]


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({}, "early_terminate", "neither `min_iter` nor `max_iter`"),
        ({"max_iter": 9}, "early_terminate", "without `s`"),
        ({"max_iter": 2, "s": 1}, "early_terminate", "has no band"),
        ({"min_iter": 1, "eta": 1}, "early_terminate.eta", "allowed: a number > 1"),
        ({"min_iter": 1, "strict": "yes"}, "early_terminate.strict", "allowed: true, false"),
        ({"min_iter": 1, "typ": 1}, "early_terminate.typ", "did you mean `type`?"),
        ({"min_iter": 1, "type": "envelope"}, "early_terminate.type", "allowed: hyperband, asha"),
    ],
)
def test_errors_of_early_terminate(given: dict[str, Any], key: str, words: str) -> None:
    found = faults(metric={"name": "x"}, early_terminate={"type": "hyperband"} | given)
    assert list(found) == [key]
    assert words in found[key]


@pytest.mark.parametrize("name", ["uniform", "log_uniform_values", "normal", "q_normal", "beta"])
def test_a_grid_names_the_distributions_that_it_accepts(name: str) -> None:
    found = faults(method="grid", parameters={"p": {"distribution": name, **EVERY_DISTRIBUTION[name]}})
    assert f"`{name}`, which a grid cannot enumerate, allowed: `constant`, `categorical`" in found["parameters.p"]


@pytest.mark.parametrize("name", sorted(macros.KNOWN_MACROS))
def test_every_known_macro_passes(name: str) -> None:
    validate({**SMALL, "program": "x.py", "command": ["python", f"${{{name}}}", "--x=${x}", "a ${envvar:HOME} b"]})


@pytest.mark.parametrize(
    "word",
    [
        "hydra.run.dir=runs/${now:%Y%m%d}_${oc.env:WANDB_RUN_ID}",
        "cd ${HOME} && train",
        "${SLURM_JOB_ID:-0}",
        "--job=${SLURM_JOB_ID:-0}",
        "${a:-${HOME}}",
        "$${args}",
        "$${HOME}",
        "$${",
    ],
)
def test_the_notation_of_other_programs_is_text(word: str) -> None:
    assert validate({**SMALL, "command": ["bash", "-c", word]}).warnings == []


def test_a_macro_that_is_nearly_a_parameter_warns() -> None:
    raw = {**SMALL, "parameters": {"width": {"value": 1}}, "command": ["x", "--w=${widht}", "$${widht}"]}
    assert validate(raw).warnings == [
        "`command[1]` is `--w=${widht}`, and `${widht}` is passed on unchanged; did you mean `width`?"
    ]


def test_all_errors_are_reported_in_the_order_of_their_lines() -> None:
    text = (
        'method: gird\nparameters:\n  lr: {min: 1, max: 0}\n  lr: {vlaue: 3}\n  n: 3\nrun_cap: 0\ncommand: ["${a}"]\n'
    )
    with pytest.raises(SweepFileError) as caught:
        parse_sweep(text, source="my.yaml")
    found = [(fault.line, fault.key) for fault in caught.value.faults]
    assert found == [
        (1, "method"),
        (3, "parameters.lr"),
        (4, "parameters.lr"),
        (5, "parameters.n"),
        (6, "run_cap"),
        (7, "command[0]"),
    ]
    message = str(caught.value)
    assert message.startswith("`my.yaml` has 6 errors:\n  line 1: `method`: there is no search method `gird`, allowed:")
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("text", ["", "# nothing", "- a", "3", "just words"])
def test_a_file_that_is_not_a_map(text: str) -> None:
    with pytest.raises(SweepFileError, match="allowed: a map with at least the keys"):
        parse_sweep(text)


def test_parameters_that_have_the_same_dotted_name() -> None:
    clash = {"a.b": {"value": 1}, "a": {"parameters": {"b": {"value": 2}}}}
    assert "rename one of them" in faults(parameters=clash)["parameters.a.parameters.b"]


def test_a_key_that_only_holds_anchors_is_ignored() -> None:
    text = "base: &b {min: 1, max: 3}\nmore: {p: &p [1, 2]}\nmethod: random\nparameters: {x: *b, y: {values: *p}}\n"
    parsed = parse_sweep(text)
    assert parsed.warnings == [
        "`base` is ignored: it only holds what other keys take from it with `*`",
        "`more` is ignored: it only holds what other keys take from it with `*`",
    ]
    assert parsed.raw["parameters"] == {"x": {"min": 1, "max": 3}, "y": {"values": [1, 2]}}


def test_a_goal_at_the_top_belongs_to_the_metric() -> None:
    found = faults(metric="validation/accuracy", goal="maximize")
    assert "write `metric: {name: validation/accuracy, goal: maximize}`" in found["metric"]
    assert "write `metric: {name: validation/accuracy, goal: maximize}`" in found["goal"]


def test_ignored_keys_warn() -> None:
    keys = {"job": "x", "image_uri": "x", "controller": {"type": "local"}, "apiVersion": "1", "kind": "sweep"}
    parsed = validate({**SMALL, **keys, "launch": {"registry": "x"}, "settings": 1, "entity": "me"})
    assert len(parsed.warnings) == len(IGNORED_KEYS) == 8
    assert parsed.raw == SMALL


def test_probable_mistakes_warn() -> None:
    parsed = validate(
        {
            "method": "random",
            "resources": {"nodes": 2},
            "parameters": {
                "dropout": {"min": 0, "max": 1},
                "lr": {"distribution": "log_uniform", "min": 0.001, "max": 0.1},
            },
        }
    )
    text = "\n".join(parsed.warnings)
    assert "only 0 and 1 are tried; write 0.0 and 1.0" in text
    assert "searches from 1.001 to 1.10517; `log_uniform_values` takes the values" in text
    assert "resources" not in text


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_sweep_file(tmp_path / "nope.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_sweep_file(binary)
    with pytest.raises(UsageError, match="cannot be read"):
        load_sweep_file(tmp_path)


def test_the_built_in_methods() -> None:
    assert tuple(BUILT_IN) == tuple(METHODS.names()) == ("grid", "random", "bayes", "tpe", "cmaes", "qmc", "nsga2")


TWO = [{"name": "loss"}, {"name": "size", "goal": "maximize"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "bayes", "metrics": TWO}, "cannot be used with the method `bayes`, allowed: grid, nsga2"),
        ({"method": "tpe", "metrics": TWO, "metric": {"name": "x"}}, "is given together with `metric`"),
        ({"method": "tpe", "metrics": TWO[:1], "metric": {"name": "x"}}, "allowed: at least two entries"),
    ],
)
def test_several_metrics_are_checked(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SweepFileError, match=words):
        validate({**SMALL, **changes})
    assert validate({**SMALL, "method": "nsga2", "metrics": TWO}).config.goal == "minimize"


@pytest.mark.parametrize("preload", ["pandas", [1], ["not a module"], ["pandas."]])
def test_preload_is_a_list_of_modules(preload: object) -> None:
    with pytest.raises(SweepFileError, match=r"`preload`: .*allowed: "):
        validate({**SMALL, "preload": preload})
    assert validate({**SMALL, "preload": ["pandas", "a.b"]}).config.preload == ["pandas", "a.b"]
