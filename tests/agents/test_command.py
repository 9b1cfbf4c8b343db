"""A table of all macros and value formats; an error names the macro that cannot be expanded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.agents.launch.arguments import FORMS, flatten
from lightning_sweeps.agents.launch.command import CommandContext, build_command, check_program, processes_of
from lightning_sweeps.agents.launch.interpreted import is_interpreted
from lightning_sweeps.core import macros
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.errors import LaunchError

FOLDER = TrialFolder(Path("/h/trials/t1"))
PYTHON = "/venv/bin/python"
PARAMS: dict[str, Any] = {"lr": 1e-05, "n": 3, "on": True, "off": False, "name": "a b"}
ARGS = ["--lr=1e-05", "--n=3", "--on=True", "--off=False", "--name=a b"]


def command_context(processes: int = 1) -> CommandContext:
    environ = {"DATA": "/data", "lower_1": "x", "EMPTY": ""}
    return CommandContext(interpreter=PYTHON, environ=environ, folder=FOLDER, processes=processes, launch_id="t1-0")


def expand(
    token: str, params: dict[str, Any] | None = None, specs: dict[str, Any] | None = None, *, form: str = "wandb"
) -> list[str]:
    config = {"program": "train.py", "command": [token], "parameters": specs or {}, "args": form}
    return build_command(config, PARAMS if params is None else params, context=command_context())


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("${env}", ["/usr/bin/env"]),
        ("${interpreter}", [PYTHON]),
        ("${program}", ["train.py"]),
        ("${args}", ARGS),
        ("${args_no_hyphens}", ["lr=1e-05", "n=3", "on=True", "off=False", "name=a b"]),
        ("${args_no_boolean_flags}", ["--lr=1e-05", "--n=3", "--on", "--name=a b"]),
        ("${args_no_equals}", ["--lr", "1e-05", "--n", "3", "--on", "True", "--off", "False", "--name", "a b"]),
        ("${args_append_hydra}", ["+lr=1e-05", "+n=3", "+on=True", "+off=False", "+name=a b"]),
        ("${args_override_hydra}", ["++lr=1e-05", "++n=3", "++on=True", "++off=False", "++name=a b"]),
        ("${args_json_file}", ["/h/trials/t1/args.json"]),
        ("--config=${args_json_file}", ["--config=/h/trials/t1/args.json"]),
        ("--lr=${lr}", ["--lr=1e-05"]),
        ("${name}-${n}", ["a b-3"]),
        ("--data=${envvar:DATA}/x", ["--data=/data/x"]),
        ("${envvar:lower_1}", ["x"]),
        ("${envvar:EMPTY}", [""]),
        ("$HOME", ["$HOME"]),
        ("cd ${HOME} && ${interpreter}", [f"cd ${{HOME}} && {PYTHON}"]),
        ("hydra.run.dir=runs/${now:%Y%m%d}_${oc.env:X}", ["hydra.run.dir=runs/${now:%Y%m%d}_${oc.env:X}"]),
        ("${SLURM_JOB_ID:-0}", ["${SLURM_JOB_ID:-0}"]),
        ("${x:-${n}}", ["${x:-3}"]),
        ("--x=${nope}", ["--x=${nope}"]),
        ("$${args}", ["${args}"]),
        ("$${lr}=${lr}", ["${lr}=1e-05"]),
        ("$${a:-$${n}}", ["${a:-${n}}"]),
        ("$$${n}", ["$${n}"]),
        ("\\${nope}", ["\\${nope}"]),
        ("plain", ["plain"]),
    ],
)
def test_macros(token: str, words: list[str]) -> None:
    assert expand(token) == words


@pytest.mark.parametrize("macro", ["${args_json}", "${args_dict}"])
def test_json_is_one_word_with_nesting_kept(macro: str) -> None:
    (word,) = expand(macro, {"a": {"b": None}, "c": [1, "x"]})
    assert json.loads(word) == {"a": {"b": None}, "c": [1, "x"]}


@pytest.mark.parametrize(
    ("value", "wandb", "dotted"),
    [
        ([1, 2], "[1, 2]", "[1, 2]"),
        (["a"], "['a']", '["a"]'),
        (None, "None", "null"),
        ({"k": [True, None]}, "{'k': [True, None]}", '{"k": [true, null]}'),
        ("", "", ""),
        ("[1]", "[1]", "[1]"),
        (0, "0", "0"),
        (0.1, "0.1", "0.1"),
        (1e22, "1e+22", "1e+22"),
    ],
)
def test_values_in_both_forms(value: Any, wandb: str, dotted: str) -> None:
    assert expand("${args}", {"v": value}) == [f"--v={wandb}"]
    assert expand("${args}", {"v": value}, form="dotted") == [f"--v={dotted}"]
    assert expand("${args_dotted}", {"v": value}) == [f"--v={dotted}"]


NESTED_SPECS = {"model": {"parameters": {"size": {}, "deep": {"parameters": {"x": {}}}}}, "choice": {"values": []}}
NESTED = {"model": {"size": 2, "deep": {"x": 0.5}}, "choice": {"a": None}}


def test_nested_parameters_are_one_word_as_in_wandb() -> None:
    model = "{'size': 2, 'deep': {'x': 0.5}}"
    assert expand("${args}", NESTED, NESTED_SPECS) == [f"--model={model}", "--choice={'a': None}"]
    assert expand("${args_no_equals}", NESTED, NESTED_SPECS)[:2] == ["--model", model]
    assert expand("-m=${model}", NESTED, NESTED_SPECS) == [f"-m={model}"]
    assert expand("-s=${model.size}", NESTED, NESTED_SPECS) == ["-s=2"]


def test_nested_parameters_are_dotted_on_request_and_maps_that_are_values_are_not() -> None:
    assert dict(flatten(NESTED, NESTED_SPECS)) == {"model.size": 2, "model.deep.x": 0.5, "choice": {"a": None}}
    words = ["model.size=2", "model.deep.x=0.5", 'choice={"a": null}']
    assert expand("${args_no_hyphens}", NESTED, NESTED_SPECS, form="dotted") == words
    assert expand("${args_dotted}", NESTED, NESTED_SPECS) == [f"--{word}" for word in words]
    assert expand("-s=${model.size}", NESTED, NESTED_SPECS, form="dotted") == ["-s=2"]
    config = {"program": "t.py", "args": "dotted", "parameters": NESTED_SPECS}
    assert build_command(config, NESTED, context=command_context())[2:] == [f"--{word}" for word in words]


@pytest.mark.parametrize("form", FORMS)
def test_hydra_gets_dotted_names_in_every_form(form: str) -> None:
    assert expand("${args_append_hydra}", NESTED, NESTED_SPECS, form=form) == [
        "+model.size=2",
        "+model.deep.x=0.5",
        "+choice={a:null}",
    ]


def test_a_sweep_file_can_name_every_form() -> None:
    assert tuple(FORMS) == macros.ARGUMENT_FORMS


@pytest.mark.parametrize(
    ("token", "part"),
    [
        ("${nope}", "no macro `${nope}`"),
        ("${gone}", "`gone` is switched off in this trial"),
        ("--x=${gone}", "`gone` is switched off in this trial"),
        ("${envvar:NOPE_X}", "variable `NOPE_X` is not set"),
        ("bash -c ${args}", "`${args}` becomes several words"),
    ],
)
def test_the_error_names_what_cannot_be_expanded(token: str, part: str) -> None:
    with pytest.raises(LaunchError) as caught:
        expand(token, specs={"gone": {"value": 1, "when": "n == 1"}})
    assert part in caught.value.message


def test_without_command_one_process_starts_directly() -> None:
    assert build_command({"program": "train.py"}, PARAMS, context=command_context()) == [PYTHON, "train.py", *ARGS]
    assert build_command({"program": "./run.sh"}, {"n": 1}, context=command_context()) == ["./run.sh", "--n=1"]


def test_without_command_several_processes_start_through_torchrun() -> None:
    words = build_command({"program": "train.py"}, {"n": 1}, context=command_context(4))
    assert words[:3] == [PYTHON, "-m", "torch.distributed.run"]
    assert words[-3:] == ["--", "train.py", "--n=1"]
    assert {"--nproc-per-node=4", "--rdzv-id=t1-0", "--rdzv-endpoint=localhost:0", "--max-restarts=0"} < set(words)
    assert "--log-dir=/h/trials/t1/ranks" in words
    words = build_command({"program": "./run.sh"}, {}, context=command_context(2))
    assert words[-3:] == ["--no-python", "--", "./run.sh"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["torchrun", "--nproc-per-node=2", "${program}", "${args}"], "torchrun --nproc-per-node=2 -- t.py --n=1"),
        (["/venv/bin/torchrun", "t.py", "${args}"], "/venv/bin/torchrun -- t.py --n=1"),
        (["torchrun", "--", "${program}", "${args}"], "torchrun -- t.py --n=1"),
        (["torchrun", "-m", "pack.mod", "${args}"], "torchrun -m pack.mod --n=1"),
        (["accelerate", "launch", "${program}", "${args}"], "accelerate launch t.py --n=1"),
        (
            ["${env}", "A=1", "python", "-m", "torch.distributed.run", "${program}", "--", "${args}"],
            "/usr/bin/env A=1 python -m torch.distributed.run -- t.py -- --n=1",
        ),
    ],
    ids=["torchrun", "by-path", "separated-by-the-user", "module", "other-launcher", "as-a-module"],
)
def test_a_command_runs_unchanged_except_that_torchrun_gets_a_separator(command: list[str], words: str) -> None:
    config = {"program": "t.py", "command": command}
    assert build_command(config, {"n": 1}, context=command_context(4)) == words.split()


def test_bash_expands_its_own_variables(tmp_path: Path) -> None:
    script = 'cd "${HOME}" && pwd && echo ${SLURM_JOB_ID:-0} ${n} $${n}'
    config = {"command": ["${env}", "bash", "-c", script], "parameters": {"n": {"value": 3}}}
    words = build_command(config, {"n": 3}, context=command_context())
    environ = {"HOME": str(tmp_path), "n": "own", "PATH": os.defpath}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}\n0 3 own\n"


@pytest.mark.parametrize("config", [{}, {"command": ["${program}"]}, {"program": "t.py", "command": []}])
def test_nothing_to_run_is_an_error(config: dict[str, Any]) -> None:
    with pytest.raises(LaunchError):
        build_command(config, {}, context=command_context())


@pytest.mark.parametrize(
    ("config", "option", "gpus", "expected"),
    [({}, None, 0, 1), ({}, None, 4, 4), ({"resources": {"processes": 2}}, None, 4, 2), ({}, 3, 4, 3)],
)
def test_processes(config: dict[str, Any], option: int | None, gpus: int, expected: int) -> None:
    assert processes_of(config, option=option, gpus=gpus) == expected


def test_the_program_is_checked_before_the_first_trial(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin"}

    def check(**config: Any) -> None:
        check_program(config, folder=tmp_path, environ=environ)

    with pytest.raises(LaunchError, match=r"`train.py` is not in"):
        check(program="train.py")
    with pytest.raises(LaunchError, match=r"`train.py` is not in"):
        check(program="train.py", command=["${interpreter}", "${program}"])
    with pytest.raises(LaunchError, match="`no-such-program` is not in"):
        check(command=["${env}", "no-such-program", "${args}"])
    (tmp_path / "train.py").touch()
    (tmp_path / "run.sh").touch()
    with pytest.raises(LaunchError, match="neither a Python file nor executable"):
        check(program="run.sh")
    (tmp_path / "package").mkdir()
    with pytest.raises(LaunchError, match="`package` is not in"):
        check(program="package")
    (tmp_path / "package" / "__main__.py").touch()
    check(program="package")
    check(program="train.py")
    check(program="train.py", command=["${env}", "bash", "${program}"])
    check(command=["torchrun", "train.py"])  # beside the interpreter, though no environment is activated
    check(program="package.module", command=["${interpreter}", "-m", "${program}"])
    check(command=["${env}", "A=1", "bash", "-c", "true"])


def test_the_interpreter_runs_packages_and_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").touch()
    (tmp_path / "script").touch()
    (tmp_path / "executable").touch(mode=0o755)
    assert {name: is_interpreted(name) for name in ("package", "script", "executable", "train.py", "missing")} == {
        "package": True,
        "script": True,
        "executable": False,
        "train.py": True,
        "missing": False,
    }
