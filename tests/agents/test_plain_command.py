"""A `command` that only runs the program with arguments means the same as none; any other says who starts the ranks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.agents.forking.warm_start import cold_start_reason
from lightning_sweeps.agents.launch.command import CommandContext, build_command, check_ranks, program_words
from lightning_sweeps.agents.launch.interpreter import is_own_interpreter
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.core.program_command import PlainCommand, plain_command, ranks_problem
from lightning_sweeps.errors import LaunchError, SweepFileError
from lightning_sweeps.sweeps.config import validate
from tests.agents.trials import make_sweep, run_agents

PLAIN: dict[str, tuple[dict[str, Any], PlainCommand]] = {
    "no-command": ({"program": "t.py"}, PlainCommand("t.py", ("${args}",))),
    "fixed-arguments": (
        {"program": "t.py", "args": ["--epochs=5", 3]},
        PlainCommand("t.py", ("--epochs=5", "3", "${args}")),
    ),
    "default": (
        {"program": "t.py", "command": ["${env}", "${interpreter}", "${program}", "${args}"]},
        PlainCommand("t.py", ("${args}",)),
    ),
    "python": (
        {"program": "t.py", "command": ["python3", "${program}", "--e=5", "${args_no_hyphens}"]},
        PlainCommand("t.py", ("--e=5", "${args_no_hyphens}")),
    ),
    "file-in-the-command": ({"command": ["${interpreter}", "src/t.py"]}, PlainCommand("src/t.py", ())),
    "shell-program": ({"program": "go.sh", "command": ["${program}", "${args}"]}, PlainCommand("go.sh", ("${args}",))),
}
OTHER: dict[str, dict[str, Any]] = {
    "option-of-python": {"program": "t.py", "command": ["${interpreter}", "-u", "${program}"]},
    "module": {"program": "pack.mod", "command": ["${interpreter}", "-m", "${program}"]},
    "variable": {"program": "t.py", "command": ["${env}", "A=1", "${interpreter}", "${program}"]},
    "own-file-of-a-system": {"program": "t.py", "command": ["${program}"]},
    "shell": {"program": "t.py", "command": ["bash", "-c", "python t.py"]},
    "torchrun": {"program": "t.py", "command": ["torchrun", "${program}"]},
    "other-python": {"program": "t.py", "command": ["pypy3", "${program}"]},
    "macro-for-the-file": {"command": ["${interpreter}", "${envvar:FILE}.py"]},
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_commands(name: str) -> None:
    config, expected = PLAIN[name]
    assert plain_command(config) == expected
    assert ranks_problem(config, 2) == ""


@pytest.mark.parametrize("name", OTHER)
def test_other_commands(name: str) -> None:
    assert plain_command(OTHER[name]) is None


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["bash", "go.sh"], "this `command` starts its own processes"),
        (["accelerate", "launch", "${program}"], "this `command` starts its own processes"),
        (["torchrun", "--nproc-per-node=4", "${program}"], "gives torchrun `--nproc-per-node=4`"),
        (["torchrun", "--nproc_per_node", "4", "${program}"], "gives torchrun `--nproc-per-node=4`"),
        (["torchrun", "--nproc-per-node=2", "${program}"], ""),
        (["torchrun", "--nproc-per-node=gpu", "${program}"], ""),
        (["torchrun", "${program}"], ""),
        (["${interpreter}", "${program}"], ""),
    ],
    ids=["shell", "accelerate", "torchrun-4", "torchrun-two-words", "torchrun-2", "torchrun-gpu", "torchrun", "plain"],
)
def test_a_file_whose_command_does_not_start_its_ranks_is_refused(command: list[str], part: str) -> None:
    config: dict[str, Any] = {
        "program": "t.py",
        "command": command,
        "method": "random",
        "parameters": {"x": {"min": 0.0, "max": 1.0}},
        "resources": {"processes": 2},
    }
    if not part:
        validate(config)
        return
    with pytest.raises(SweepFileError) as caught:
        validate(config)
    assert [fault.key for fault in caught.value.faults] == ["resources.processes"]
    assert part in caught.value.faults[0].message


@pytest.mark.parametrize(
    ("args", "command", "part"),
    [
        ("--epochs=5", None, "or a list of words that each trial gets"),
        ([None], None, "put it in quotes"),
        (["${nope}"], None, "unknown macro `${nope}`"),
        (["--a"], ["${program}"], "is given beside `command`"),
    ],
    ids=["text", "null", "macro", "with-command"],
)
def test_wrong_fixed_arguments_are_named(args: Any, command: list[str] | None, part: str) -> None:
    config: dict[str, Any] = {"program": "t.py", "method": "random", "parameters": {"x": {"values": [1]}}, "args": args}
    with pytest.raises(SweepFileError, match="args") as caught:
        validate(config | ({"command": command} if command else {}))
    assert part in str(caught.value)


def test_the_agent_refuses_an_option_that_the_command_does_not_follow() -> None:
    config: dict[str, Any] = {"program": "t.py", "command": ["bash", "go.sh"]}
    check_ranks(config, option=None, interpreter=sys.executable, environ={})
    with pytest.raises(LaunchError, match="--processes-per-trial"):
        check_ranks(config, option=2, interpreter=sys.executable, environ={})
    with pytest.raises(LaunchError, match="starts its own processes"):  # another Python than the agent's
        config = {"program": "t.py", "command": ["python3", "${program}"], "resources": {"processes": 2}}
        check_ranks(config, option=None, interpreter="/other/python", environ={"PATH": "/usr/bin"})


def test_the_interpreter_of_the_agent_is_recognised_by_its_folder(tmp_path: Path) -> None:
    for folder in ("venv", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "python").symlink_to(sys.executable)
    interpreter = str(tmp_path / "venv" / "python")
    for folder, is_own in {"venv": True, "other": False}.items():
        path = {"PATH": str(tmp_path / folder)}
        assert is_own_interpreter("python", interpreter=interpreter, environ=path) is is_own
    assert not is_own_interpreter("bash", interpreter="/bin/bash", environ={"PATH": "/bin"})
    assert not is_own_interpreter("python3", interpreter=interpreter, environ={"PATH": str(tmp_path / "venv")})


def test_a_plain_command_starts_several_ranks_as_the_program_alone_does() -> None:
    context = CommandContext(sys.executable, {}, TrialFolder(Path("/h/trials/t1")), processes=2, launch_id="t1-0")
    written = {"program": "t.py", "command": ["${env}", "${interpreter}", "${program}", "${args}"]}
    assert build_command(written, {"n": 1}, context=context) == build_command(
        {"program": "t.py"}, {"n": 1}, context=context
    )
    fixed = {"program": "t.py", "args": ["--name=${n}", "a b"]}
    assert program_words(fixed, {"n": 1}, context=context) == ["t.py", "--name=1", "a b", "--n=1"]


@pytest.mark.parametrize(
    ("config", "program", "part"),
    [
        ({}, "", "does more than run"),
        ({}, "go.sh", "`go.sh` is not a `.py` file"),
        ({"resources": {"nodes": 2}}, "t.py", "several machines"),
    ],
    ids=["command", "program", "machines"],
)
def test_the_reason_for_a_cold_start(config: dict[str, Any], program: str, part: str) -> None:
    assert part in cold_start_reason(config, program, is_subreaper=True)


@pytest.mark.launch
@pytest.mark.skipif(sys.platform != "linux", reason="a fork server needs Linux")
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_a_command_with_fixed_arguments_starts_two_ranks(client: Client, tmp_path: Path, warm: bool) -> None:
    script = "import json, os, sys\njson.dump(sys.argv, open(f'seen-{os.environ[\"RANK\"]}', 'w'))\n"
    command = ["${env}", "${interpreter}", "${program}", "--epochs=5", "${args}"]
    sweep_id = make_sweep(client, tmp_path, script, points=1, command=command, resources={"processes": 2})
    ended = run_agents(sweep_id, folder=tmp_path, warm=warm)
    assert (ended.status, ended.err) == (0, "")
    assert "start cold" not in ended.out
    for rank in range(2):
        assert json.loads((tmp_path / f"seen-{rank}").read_text())[1:] == ["--epochs=5", "--x=0"]


@pytest.mark.launch
@pytest.mark.skipif(sys.platform != "linux", reason="a fork server needs Linux")
def test_the_agent_says_once_that_trials_start_cold_and_why(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "", points=4, command=["${interpreter}", "-u", "${program}"])
    ended = run_agents(sweep_id, "--slots=2", folder=tmp_path, warm=True)
    reason = "the sweep's `command` does more than run `${program}` with arguments"
    assert ended.out.count(f"trials start cold, each with its own imports: {reason}") == 1
