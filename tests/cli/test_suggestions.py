"""Completion with the Tab key, and what a mistake probably meant."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.cli.other_words import HINTS
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from lightning_sweeps.core.similar import did_you_mean
from tests.cli.test_cli import GRID, assert_message, command
from tests.servers import running_server

CONFIG = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    home = tmp_path_factory.mktemp("suggestions") / "home"
    with running_server(home) as (client, _):
        yield home, client


@pytest.fixture(scope="module")
def sweep_id(served: tuple[Path, Client]) -> str:
    return served[1].create_sweep(m.SweepCreate(CONFIG, project="vision")).id


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tune sweep.yaml --slots two", "`--slots two` was given, allowed: an integer"),
        ("tune sweep.yaml --slots 0", "`--slots 0` was given, allowed: 1 or more"),
        ("agent abc --idle-timeout soon", "`--idle-timeout soon` was given, allowed: a number"),
        ("key create ada --days x", "`--days x` was given, allowed: a number"),
        ("runs --limit many", "`--limit many` was given, allowed: an integer"),
    ],
)
def test_a_value_of_the_wrong_type_is_repeated(words: str, said: str, tmp_path: Path) -> None:
    done = command(tmp_path, *words.split())
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}\n")


def completed(home: Path, *words: str) -> list[str]:
    """Return what bash gets for the last word."""
    variables = {
        "_LIGHTNING_SWEEPS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("lightning-sweeps", *words)),
        "COMP_CWORD": str(len(words)),
        "LIGHTNING_SWEEPS_HOME": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli"],
        capture_output=True,
        text=True,
        env={**environment(), **variables},
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_hints_for_the_words_of_others_name_commands() -> None:
    for word, hint in HINTS.items():
        assert word not in COMMANDS
        named = re.findall(r"`lightning-sweeps ([a-z]+)", hint)
        assert set(named) <= set(COMMANDS), hint


def test_commands_and_options_are_completed(home: Path) -> None:
    assert completed(home, "sta") == ["status"]
    assert completed(home, "tune", "--slo") == ["--slots"]
    assert completed(home, "runs", "--state", "fini") == ["finished"]
    assert completed(home, "key", "rev") == ["revoke"]


def test_without_a_server_no_id_is_completed_and_nothing_is_said(home: Path) -> None:
    assert completed(home, "status", "a") == []
    assert not home.exists()


def test_ids_and_projects_are_completed_from_the_server(served: tuple[Path, Client], sweep_id: str) -> None:
    home, _ = served
    assert completed(home, "status", sweep_id[:4]) == [sweep_id]
    assert completed(home, "runs", "--project", "vi") == ["vision"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_program(home: Path, shell: str) -> None:
    done = command(home, "completion", shell)
    assert done.returncode == 0, done.stderr
    assert "_LIGHTNING_SWEEPS_COMPLETE=complete_" in done.stdout


def test_a_mistyped_command_or_state_is_named(home: Path) -> None:
    assert_message(command(home, "stauts"), 2, "there is no command `stauts`", "did you mean `status`?")
    assert_message(command(home, "stop"), 2, "there is no command `stop`", "`lightning-sweeps sweep --stop SWEEP_ID`")
    assert_message(command(home, "runs", "--state", "finishd"), 2, "allowed: running,", "did you mean `finished`?")


def test_an_unknown_project_or_id_gets_the_closest(served: tuple[Path, Client], sweep_id: str) -> None:
    home, _ = served
    for words in (("runs",), ("status",), ("export", "folder"), ("delete", "--yes")):
        assert_message(command(home, *words, "-p", "vison"), 1, "there is no project `vison`", "did you mean `vision`?")
    assert_message(command(home, "status", f"{sweep_id[:-1]}u"), 1, f"did you mean `{sweep_id}`?")
    assert command(home, "key", "create", "ada").returncode == 0
    assert_message(command(home, "key", "revoke", "adda"), 1, "there is no key `adda`", "did you mean `ada`?")
    assert_message(command(home, "status", "sweep.yaml"), 1, "`lightning-sweeps tune sweep.yaml`")
    assert_message(command(home, "trial", sweep_id), 1, f"`lightning-sweeps trial {sweep_id}/1`")


def test_a_sweep_that_cannot_run_here_is_not_created(
    served: tuple[Path, Client], sweep_id: str, tmp_path: Path
) -> None:
    home, client = served
    (tmp_path / "sweep.yaml").write_text(GRID.replace("program: train.py\n", ""))
    before = len(client.sweeps())
    assert_message(command(home, "tune", "sweep.yaml", cwd=tmp_path), 1, "the sweep has no `program`")
    (tmp_path / "sweep.yaml").write_text(GRID)
    assert_message(command(home, "tune", "sweep.yaml", cwd=tmp_path), 1, "program `train.py` is not in", "hint:")
    (tmp_path / "train.py").touch()
    assert_message(
        command(home, "tune", "sweep.yaml", "--gpus", "99", cwd=tmp_path), 2, "`--gpus 99` names `99`", "hint:"
    )
    assert len(client.sweeps()) == before


def test_only_similar_words_are_meant() -> None:
    assert did_you_mean("finishd", ["finished", "failed"]) == "did you mean `finished`?"
    assert did_you_mean("xyz", ["finished"]) == ""
