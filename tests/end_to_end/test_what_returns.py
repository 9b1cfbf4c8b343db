"""What returns, returns the truth: the first use of an empty home, when service and server are just starting."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.homes import empty_home

pytestmark = pytest.mark.slow

LIMIT_S = 120.0
LOG = "import lightning_sweeps as ls\nrun = ls.init('truth')\nrun.log({'loss': 0.25})\n"


def run_python(folder: Path, environment: Mapping[str, str], code: str) -> str:
    return run_words(folder, environment, "-c", code)


def run_command(folder: Path, environment: Mapping[str, str], *words: str) -> str:
    return run_words(folder, environment, "-m", "lightning_sweeps.cli", *words)


def run_words(folder: Path, environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not on the server" not in done.stderr
    return done.stdout


def test_runs_lists_the_first_program_of_a_home(tmp_path: Path) -> None:
    with empty_home(tmp_path) as environment:
        run_python(tmp_path, environment, LOG)
        (run,) = json.loads(run_command(tmp_path, environment, "runs", "--json"))
    assert (run["project"], run["summary"]) == ("truth", {"loss": 0.25})


@pytest.mark.parametrize(
    "read",
    [
        "run.finish(timeout_s=60)\nfrom lightning_sweeps.client.connection import connect\nrow = connect().run(run.id)",
        "row = ls.Api().run(run.id)",
        "row = ls.wait(run)",
        "row = ls.wait(run.id, timeout_s=60)",
    ],
)
def test_a_program_reads_what_it_has_just_logged(read: str, tmp_path: Path) -> None:
    with empty_home(tmp_path) as environment:
        printed = run_python(tmp_path, environment, f"{LOG}{read}\nprint(row.summary)\n")
    assert printed == "{'loss': 0.25}\n"


def test_a_view_shows_the_run_that_has_just_logged(tmp_path: Path) -> None:
    show = "view = ls.view(run)\nprint(view._repr_mimebundle_()['text/plain'])\n"
    with empty_home(tmp_path) as environment:
        printed = run_python(tmp_path, environment, LOG + show)
    assert "loss 0.25" in printed


TWO_RANKS = """
import lightning_sweeps as ls

run = ls.init()
run.log({"loss": run.config["x"] / 4 + run.rank})
"""


def sweep_file(folder: Path, **more: Any) -> None:
    config = {
        "program": "train.py",
        "method": "grid",
        "metric": {"name": "loss"},
        "parameters": {"x": {"values": [3, 1, 2]}},
    }
    (folder / "sweep.json").write_text(json.dumps(config | more))


@pytest.mark.launch
def test_the_table_of_trials_with_two_ranks_has_every_value(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TWO_RANKS)
    sweep_file(tmp_path, resources={"processes": 2})
    with empty_home(tmp_path) as environment:
        printed = run_command(tmp_path, environment, "tune", "sweep.json", "--slots", "1")
    assert "no value" not in printed
    assert "Best: trial 2, loss 0.25" in printed


def test_agents_that_end_before_the_sweep_have_the_value_of_their_last_trial(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TWO_RANKS)
    sweep_file(tmp_path)
    with empty_home(tmp_path) as environment:
        printed = run_command(tmp_path, environment, "tune", "sweep.json", "--slots", "1", "--count", "1", "--cold")
    assert "Best: trial 1, loss 0.75" in printed
    assert "1 ending" not in printed


FUNCTION = """
import json, lightning_sweeps as ls
def train():
    run = ls.init()
    run.log({"loss": run.config["x"] / 4})
sweep_id = ls.sweep(json.load(open("sweep.json")))
ls.agent(sweep_id, train, count=2)
best, sweep = ls.best(sweep_id), ls.wait(sweep_id)
rows = list(ls.Api().trials(sweep_id))
print(json.dumps([best.number, best.objective, sweep.counts, [row["objective"] for row in rows]]))
"""


def test_a_function_agent_returns_when_the_values_are_there(tmp_path: Path) -> None:
    sweep_file(tmp_path)
    with empty_home(tmp_path) as environment:
        printed = run_python(tmp_path, environment, FUNCTION)
    assert json.loads(printed.splitlines()[-1]) == [2, 0.25, {"finished": 2}, [0.75, 0.25]]
