"""The owner of an agent decides which programs, commands and projects it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.agents.launch.allowed import Allowed, check_allowed
from lightning_sweeps.agents.options import AgentOptions, parse_call
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.messages import SweepCreate
from tests.servers import running_server

PROGRAM = {"program": "train.py"}
SHELL = {"command": ["sh", "-c", "id"]}
WITH_PROGRAM = {"program": "train.py", "command": ["python", "${program}", "${args}"]}


@pytest.mark.parametrize(
    ("config", "allowed", "refused"),
    [
        (PROGRAM, Allowed(), ""),
        (SHELL, Allowed(), ""),
        (PROGRAM, Allowed(programs=["train.py"]), ""),
        ({"program": "./train.py"}, Allowed(programs=["train.py"]), ""),
        (PROGRAM, Allowed(programs=["eval.py", "tr*.py"]), ""),
        (PROGRAM, Allowed(programs=["eval.py"]), "the program `train.py`"),
        ({"program": "evil/train.py"}, Allowed(programs=["train.py", "*.py"]), "the program `evil/train.py`"),
        ({"program": "train_/../../evil.py"}, Allowed(programs=["train_*.py", "train_*/*"]), "evil.py"),
        ({"program": "/srv/train.py"}, Allowed(programs=["train.py", "*"]), "/srv/train.py"),
        ({"program": "/opt/x/train.py"}, Allowed(programs=["/opt/*/train.py"]), ""),
        (SHELL, Allowed(programs=["train.py"]), "the command `sh -c id`"),
        (PROGRAM, Allowed(commands=["python *"]), "the program `train.py`"),
        (SHELL, Allowed(commands=["sh -c id"]), ""),
        (SHELL, Allowed(commands=["sh -c"]), "the command"),
        (SHELL, Allowed(commands=["sh *"]), ""),
        (SHELL, Allowed(commands=["* id"]), "the command"),
        ({"command": ["sh", "-c", "a; b"]}, Allowed(commands=["sh -c 'a; b'"]), ""),
        (
            WITH_PROGRAM,
            Allowed(commands=["python ${program} *"]),
            "`--allow-program` allows nothing",
        ),
        (WITH_PROGRAM, Allowed(programs=["train.py"], commands=["python ${program} *"]), ""),
        (PROGRAM, Allowed(projects=["mine"]), ""),
        (PROGRAM, Allowed(projects=["other"]), "sweeps of the project `mine`: `--only-project` allows `other`"),
        (SHELL, Allowed(projects=["mine"]), ""),
    ],
)
def test_what_an_agent_may_run(config: dict[str, Any], allowed: Allowed, refused: str) -> None:
    if not refused:
        check_allowed(config, "mine", allowed)
        return
    with pytest.raises(LaunchError) as refusal:
        check_allowed(config, "mine", allowed)
    assert refused in refusal.value.message and refusal.value.hint


def test_repeated_options_reach_every_slot() -> None:
    options = AgentOptions(allow_program=("a.py", "b c.py"), only_project=("p",), count=2)
    assert parse_call(["s", *options.to_argv()], program="agent").options == options
    assert parse_call(["s"], program="agent").options == AgentOptions()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--allow-program", "eval.py"], "does not run the program `train.py`"),
        (["--allow-command", "python *"], "does not run the program `train.py`"),
        (["--only-project", "other"], "does not run sweeps of the project `mine`"),
        (["--allow-program", "eval.py", "--allow-program", "train.py", "--only-project", "mine"], ""),
    ],
    ids=["program", "command", "project", "allowed"],
)
def test_a_real_agent_refuses_with_a_message(home: Path, tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "train.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1]}}}
    with running_server(home) as (client, _):
        sweep = client.create_sweep(SweepCreate(config, project="mine"))
        command = [sys.executable, "-m", "lightning_sweeps.cli", "agent", sweep.id, "--slots", "1", *options]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
        )
        assert said in done.stderr
        assert (tmp_path / "ran").exists() is (not said)
        assert [agent.state for agent in client.agents(sweep.id)] == ([] if said else ["gone"])
        assert (done.returncode == 0) is (not said), done.stderr
