"""`lightning-sweeps tune` creates a sweep, runs it and prints its results, with and without a terminal."""

from __future__ import annotations

import inspect
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.cli.agent import agent
from lightning_sweeps.cli.tune import tune
from tests.servers import running_server

pytestmark = pytest.mark.launch

SWEEP = """
program: train.py
method: grid
parameters: {x: {values: [1, 2, 3]}}
"""
WORDS = [sys.executable, "-m", "lightning_sweeps.cli", "tune", "sweep.yaml", "--cold"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    (tmp_path / "train.py").write_text("print('hello')\n")
    return tmp_path


@pytest.mark.parametrize("command", [agent, tune])
def test_every_option_of_the_agents_can_be_given(command: Callable[..., None]) -> None:
    given = inspect.signature(command).parameters.keys()
    assert {option.name for option in fields(AgentOptions)} - given == {"slot"}


def test_without_a_terminal_it_prints_lines_and_the_table(folder: Path, home: Path) -> None:
    with running_server(home):
        done = subprocess.run(WORDS, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[1] hello" in done.stdout
    assert done.stdout.count(" finished\n") >= 3
    assert "grid, no metric, 3 finished" in done.stdout


def test_in_a_terminal_it_shows_the_progress(folder: Path, home: Path) -> None:
    ours, its = pty.openpty()
    with running_server(home):
        process = subprocess.Popen([*WORDS, "--quiet"], cwd=folder, stdin=its, stdout=its, stderr=its, close_fds=True)
        os.close(its)
        shown = b""
        while part := _read(ours):
            shown += part
        os.close(ours)
        assert process.wait(60) == 0
    text = shown.decode()
    assert "/3 trials" in text
    assert "slot 0" in text
    assert "3 finished" in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end of a pseudo terminal is closed
        return b""
