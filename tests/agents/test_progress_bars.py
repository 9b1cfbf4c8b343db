"""Progress bars of trials are shown while they are drawn, in a real terminal and through a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.agents.display.slot_lines import fit
from lightning_sweeps.agents.display.tagged import Piece, PieceReader, tag
from lightning_sweeps.client import Client
from tests.agents.terminals import in_terminal
from tests.agents.trials import make_sweep, run_agents

pytestmark = pytest.mark.fault

BAR = """
import pathlib, sys, time
print("loading", flush=True)
for percent in range(1, 100):
    sys.stderr.write(f"\\r{sys.argv[1]} at {percent}%")
    sys.stderr.flush()
    time.sleep(0.02)
while not pathlib.Path("go").exists():
    time.sleep(0.02)
sys.stderr.write(f"\\r{sys.argv[1]} at 100%\\n")
"""
AGENT = [sys.executable, "-m", "lightning_sweeps.cli", "agent", "--cold"]
LAST = b"\x1b[J"


def test_through_a_pipe(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, BAR, points=1)
    with subprocess.Popen(
        [*AGENT, sweep_id], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as agent:
        assert agent.stderr is not None
        shown = b""
        while b"[1] --x=0 at 99%\r" not in shown:
            part = os.read(agent.stderr.fileno(), 4096)
            assert part, shown
            shown += part
        (tmp_path / "go").touch()
        shown += agent.stderr.read()
    assert shown.endswith(b"[1] --x=0 at 100%\n")
    states = shown.split(b"\r")
    assert 2 < len(states) < 20  # each is shown, but not more often than once a second


def test_in_a_terminal(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, BAR, points=1)
    with in_terminal([*AGENT, sweep_id], folder=tmp_path) as terminal:
        terminal.wait_for(b"[1] --x=0 at 99%")
        assert b"[1] loading\r\n" in terminal.shown
        assert terminal.shown.count(b"[1] --x=0 at ") < 40
        (tmp_path / "go").touch()
        assert terminal.wait() == 0
    assert b"[1] --x=0 at 100%\r\n" in terminal.shown


def test_each_slot_has_a_line(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, BAR, points=2)
    with in_terminal([*AGENT, sweep_id, "--slots=2"], folder=tmp_path, size=(24, 60)) as terminal:
        for number in (1, 2):
            terminal.wait_for(b"[%d] --x=%d at 99%%" % (number, number - 1), timeout_s=60)
        drawn = terminal.shown.rpartition(LAST)[2].split(b"\r\n")
        assert sorted(line.partition(b": ")[0] for line in drawn[-2:]) == [b"slot 0", b"slot 1"]
        assert {line.partition(b": ")[2] for line in drawn[-2:]} == {b"[1] --x=0 at 99%", b"[2] --x=1 at 99%"}
        (tmp_path / "go").touch()
        assert terminal.wait(60) == 0
    for number in (1, 2):
        assert b"[%d] --x=%d at 100%%\r\n" % (number, number - 1) in terminal.shown
    assert terminal.shown.rpartition(LAST)[2].strip() == b""


def test_tune_shows_it_beside_its_slot(client: Client, tmp_path: Path) -> None:
    make_sweep(client, tmp_path, BAR, points=1)
    (tmp_path / "s.yaml").write_text("program: train.py\nmethod: grid\nparameters: {x: {values: [0]}}\n")
    words = [sys.executable, "-m", "lightning_sweeps.cli", "tune", "s.yaml", "--cold"]
    with in_terminal(words, folder=tmp_path, size=(24, 160)) as terminal:
        terminal.wait_for(b"[1] --x=0 at 99%")
        (tmp_path / "go").touch()
        assert terminal.wait() == 0
    assert b"[1] --x=0 at 100%" in terminal.shown


FAIL = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nif sys.argv[1] == '--x=1':\n    sys.exit('no data')\n"


def test_only_errors_shows_the_trials_that_fail(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, FAIL, points=3)
    ended = run_agents(sweep_id, "--only-errors", folder=tmp_path)
    assert ended.err == "[2] err\n[2] no data\n"
    said = [line for line in ended.out.splitlines() if line.startswith("agent 0: trial ")]
    assert len(said) == 1
    assert said[0].startswith("agent 0: trial 2 (")
    assert said[0].endswith(") failed: no data")


def test_the_prefix_is_chosen(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "print('hello')", points=1)
    ended = run_agents(sweep_id, "--prefix=slot {slot}, trial {trial}, attempt {attempt}: ", folder=tmp_path)
    assert "\nslot 0, trial 1, attempt 1: hello\n" in ended.out


@pytest.mark.parametrize("prefix", ["{loss}", "{", "{trial.x}", "{0}"], ids=["unknown", "open", "attribute", "index"])
def test_a_wrong_prefix_is_a_usage_error(tmp_path: Path, prefix: str) -> None:
    ended = run_agents("s", f"--prefix={prefix}", folder=tmp_path)
    assert ended.status == 2
    assert (
        f"`--prefix {prefix}` was given, allowed: text with {{trial}}, {{attempt}}, {{slot}} or {{host}}" in ended.err
    )


def test_pieces_survive_any_cut() -> None:
    sent = tag(0, b"one") + b"\n" + tag(11, b"50%") + b"\r" + b"from torchrun\n" + tag(0, b"") + b"\r"
    wanted = [
        Piece(0, b"one", False),
        Piece(11, b"50%", True),
        Piece(None, b"from torchrun", False),
        Piece(0, b"", True),
    ]
    for cut in range(len(sent)):
        reader = PieceReader()
        assert reader.feed(sent[:cut]) + reader.feed(sent[cut:]) == wanted


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("hello", 10, "hello"),
        ("hello", 3, "hel"),
        ("\x1b[32mhello\x1b[0m", 3, "\x1b[32mhel\x1b[0m\x1b[0m"),
        ("日本語", 5, "日本"),
        ("a\tb", 2, "a "),
    ],
    ids=["fits", "cut", "colours", "wide", "tab"],
)
def test_a_line_is_cut_to_the_width_of_the_terminal(text: str, columns: int, shown: str) -> None:
    assert fit(text, columns) == shown
