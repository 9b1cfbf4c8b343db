"""A program says once where its run is, and once how it ended: rank 0 alone, and nothing in a trial of a sweep."""

from __future__ import annotations

import math
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import msgspec
import pytest

import lightning_sweeps
from lightning_sweeps.core.handover import ServerFile, TrialFile
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.core.settings import environment
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.sdk import value_summary as summary_module
from lightning_sweeps.sdk.session import end_runs
from lightning_sweeps.sdk.terminal_messages import describe_end, say
from lightning_sweeps.sdk.value_summary import ValueSummary

LOG = """
import lightning_sweeps as ls
run = ls.init("digits", name="first")
for step in range(3):
    ls.log({"loss": 1.0 - step / 4, "deep": {"x": step}, "text": "no number"}, step=step)
"""


@pytest.fixture(autouse=True)
def speaking(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have quiet programs."""
    monkeypatch.delenv("LIGHTNING_SWEEPS_QUIET")


def program(code: str, **variables: str) -> str:
    """Run a program and return its standard error."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment() | variables, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_a_program_says_where_its_run_is_and_how_it_ended(home: Path) -> None:
    write_whole(Home(home).server_file, msgspec.json.encode(ServerFile("http://127.0.0.1:7", "t", 1, 0.0, "")))
    lines = program(LOG).splitlines()
    run_id = lines[1].rpartition("/")[2]
    page = f"  page: http://127.0.0.1:7/runs/{run_id}"
    assert lines == [
        "lightning-sweeps: run `first` in project `digits`",
        page,
        f"  data: {home}",
        "lightning-sweeps: run `first`: finished, 3 rows",
        "                 last      lowest     highest",
        "  loss            0.5         0.5           1",
        "  deep.x            2           0           2",
        page,
    ]


def test_an_error_is_named_as_the_end(home: Path) -> None:
    assert "run `first`: failed: ValueError: no" in program(
        LOG + "try:\n    with run: raise ValueError('no')\nexcept ValueError: pass\n"
    )


@pytest.mark.parametrize(
    "variables",
    [
        {"LIGHTNING_SWEEPS_QUIET": "on"},
        {"WANDB_SILENT": "true"},
        {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "TORCHELASTIC_RUN_ID": "a"},
        {"LIGHTNING_SWEEPS_MODE": "disabled"},
    ],
    ids=["quiet", "wandb", "rank 1", "disabled"],
)
def test_nothing_is_said(home: Path, variables: dict[str, str]) -> None:
    assert program(LOG, **variables) == ""


def test_a_trial_says_nothing(home: Path, tmp_path: Path) -> None:
    trial = TrialFile("t", "s", "sweep", "p", 1, 1, {"lr": 0.1}, "loss", "minimize")
    path = tmp_path / "trial.json"
    path.write_bytes(msgspec.json.encode(trial))
    assert program(LOG, LIGHTNING_SWEEPS_TRIAL=str(path)) == ""


def test_finish_may_be_quiet(home: Path) -> None:
    said = program(LOG + "ls.finish(quiet=True)\n")
    assert "digits" in said and "rows" not in said


def test_an_offline_run_names_the_next_command(home: Path) -> None:
    assert program(LOG, LIGHTNING_SWEEPS_MODE="offline").count("`lightning-sweeps sync`") == 2


def test_a_child_process_says_nothing(home: Path) -> None:
    child = "import os\nif os.fork() == 0:\n    ls.log({'loss': 0.1}); ls.finish()\n    os._exit(0)\nos.wait()\n"
    said = program(LOG + child)
    assert (said.count("in project"), said.count("rows")) == (1, 1)


def test_lightning_finishes_a_run_several_times_and_the_program_says_it_once(home: Path) -> None:
    said = program(
        "import lightning_sweeps as ls\nlogger = ls.SweepLogger('digits', name='first')\n"
        "for stage in range(2):\n    logger.log_metrics({'loss': 1.0}, step=stage); logger.finalize('success')\n"
    )
    assert said.count("in project") == 1
    assert said.count("run `first`: finished, 2 rows") == 1


def test_a_terminal_that_takes_no_text_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(controller, "rb", buffering=0), os.fdopen(terminal, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        termios.tcflow(terminal, termios.TCOOFF)  # Ctrl-S
        say("first\n")
        termios.tcflow(terminal, termios.TCOON)
        say("second\n")
        assert os.read(controller, 100) == b"second\r\n"


@pytest.mark.parametrize("where", ["2>&-", "2> >(exit)"], ids=["closed", "broken pipe"])
def test_a_program_without_standard_error_runs(home: Path, tmp_path: Path, where: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(LOG)
    subprocess.run(["bash", "-c", f"{sys.executable} {path} {where}"], env=environment(), check=True)
    assert len(list((home / "journals").glob("*.journal"))) == 1


def test_a_long_run_shows_its_last_values(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_QUIET", "on")
    monkeypatch.setattr(summary_module, "PART_BYTES", 1000)
    run = lightning_sweeps.init("digits")
    for step in range(200):
        run.log({"loss": 1.0 if step == 199 else 0.0})
    (journal,) = (home / "journals").glob("*.journal")
    found = ValueSummary()
    found.read(journal, timeout_s=0.0)
    end_runs("finished", "")
    assert found.rows < 200 and not found.is_whole
    text = describe_end(info(), found, end="finished", page="p")
    assert text.splitlines()[1:3] == ["               last", "  loss            1"]


def test_values_that_are_not_finite_are_never_best() -> None:
    found = ValueSummary()
    for value in (1.0, math.nan, math.inf, -2.0, math.nan):
        found.add({"loss": value, "flag": True})
    (name,) = found.metrics
    metric = found.metrics[name]
    assert math.isnan(metric.last) and (metric.lowest, metric.highest) == (-2.0, 1.0)


def test_many_metrics_are_counted() -> None:
    found = ValueSummary()
    found.add({f"m{number}": number for number in range(25)})
    text = describe_end(info(), found, end="finished", page="p")
    assert "and 5 more metrics" in text and "m20" not in text


def test_a_journal_that_is_gone_is_no_problem(tmp_path: Path) -> None:
    found = ValueSummary()
    found.read(tmp_path / "gone.journal", timeout_s=1.0)
    assert "rows" not in describe_end(info(), found, end="finished", page="p")


def info() -> RunInfo:
    return RunInfo(id="r-1", project="digits", name="first", group="g")
