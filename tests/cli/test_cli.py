"""The command line: what it prints, and one clear message for each mistake."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import ServerUnreachable, UsageError
from tests.servers import end_server, running_server, start_server, wait_for_server

GRID = "program: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters: {x: {values: [1, 2, 3]}}\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client, ServerFile]]:
    home = tmp_path_factory.mktemp("served") / "home"
    with running_server(home) as (client, file):
        yield home, client, file


def command(home: Path, *words: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `lightning-sweeps` and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home), **variables},
        timeout=60,
        check=False,
    )


def assert_message(done: subprocess.CompletedProcess[str], status: int, *parts: str) -> None:
    """Check for one message without a traceback, and its exit status."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in parts:
        assert part in done.stderr


def test_help_lists_every_command(home: Path) -> None:
    done = command(home, "--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(home: Path, name: str) -> None:
    done = command(home, name, "--help")
    assert done.returncode == 0
    assert "--help" in done.stdout
    assert not home.exists()


def test_a_sweep_is_created_shown_paused_and_cancelled(served: tuple[Path, Client, ServerFile], tmp_path: Path) -> None:
    home, client, file = served
    (tmp_path / "sweep.yaml").write_text(GRID)
    created = command(home, "sweep", "sweep.yaml", "--project", "cli", cwd=tmp_path)
    assert created.returncode == 0, created.stderr
    assert "the sweep's program `train.py` is not in" in created.stderr
    sweep_id = created.stdout.split()[2]
    assert f"lightning-sweeps agent {sweep_id}" in created.stdout
    assert file.url in created.stdout

    shown = command(home, "status", sweep_id)
    assert "running" in shown.stdout
    assert f"lightning-sweeps agent {sweep_id}" in shown.stdout, "it shows the next command"
    assert sweep_id in command(home, "status").stdout
    assert json.loads(command(home, "status", f"me/cli/{sweep_id}", "--json").stdout)["sweep"]["id"] == sweep_id

    options = (("--pause", "paused"), ("--resume", "running"), ("--cancel", "cancelled"), ("--resume", "running"))
    for option, state in (*options, ("--stop", "stopped")):
        changed = command(home, "sweep", f"me/cli/{sweep_id}", option)
        assert changed.returncode == 0, changed.stderr
        assert state in changed.stdout
        assert client.sweep(sweep_id).state == state
    assert_message(command(home, "sweep", sweep_id, "--pause"), 1, "stopped")
    assert_message(
        command(home, "agent", f"me/cli/{sweep_id}", cwd=tmp_path), 1, "the sweep's program `train.py` is not in"
    )


def test_failed_trials_run_again_from_the_command_line(served: tuple[Path, Client, ServerFile], tmp_path: Path) -> None:
    home, client, _ = served
    file = tmp_path / "sweep.yaml"
    file.write_text(GRID)
    sweep_id = json.loads(command(home, "sweep", str(file), "--json").stdout)["id"]
    agent = client.register_agent(sweep_id, m.AgentRegister("host", "node", 1, 0, [])).agent.id
    for reason, tail in (("exit code 2", "train.py: error: no file"), ("CUDA out of memory", "")):
        trial = client.lease(agent, wait_s=0).trial
        assert trial is not None
        client.end_trial(agent, trial.id, m.TrialEnd("failed", 2, reason, tail))
    assert "train.py: error" in command(home, "status", sweep_id).stdout
    assert (
        "no failed trial whose error contains `disk`"
        in command(home, "sweep", sweep_id, "--retry-failed", "--error", "disk").stdout
    )
    again = command(home, "sweep", sweep_id, "--retry-failed", "--error", "memory")
    assert f"Trial 2 of sweep {sweep_id} will run again" in again.stdout, again.stderr
    one = command(home, "trial", f"{sweep_id}/1", "--retry")
    assert "attempt 1: failed after -: train.py: error: no file (exit code 2)" in one.stdout, one.stderr
    assert [trial.state for trial in client.trials(sweep_id)] == ["pending", "pending"]
    assert_message(command(home, "sweep", sweep_id, "--error", "disk"), 2, "--retry-failed")


def test_a_sweep_can_be_updated_and_trials_enqueued(served: tuple[Path, Client, ServerFile], tmp_path: Path) -> None:
    home, client, _ = served
    file = tmp_path / "sweep.yaml"
    file.write_text(GRID.replace("grid", "random"))
    sweep_id = json.loads(command(home, "sweep", str(file), "--json").stdout)["id"]
    file.write_text(file.read_text() + "run_cap: 7\n")
    updated = command(home, "sweep", "--update", sweep_id, str(file), "--name", "renamed")
    assert updated.returncode == 0, updated.stderr
    assert (client.sweep(sweep_id).run_cap, client.sweep(sweep_id).name) == (7, "renamed")
    file.write_text(GRID.replace("minimize", "maximize"))
    assert_message(command(home, "sweep", "--update", sweep_id, str(file)), 1, "`metric`", "cannot be changed")
    extended = command(home, "sweep", sweep_id, "--extend", "3")
    assert "`run_cap` of 10 trials" in extended.stdout, extended.stderr
    assert_message(
        command(home, "sweep", "--update", sweep_id, str(file), "-p", "b"), 2, "the project of a sweep cannot change"
    )

    added = command(home, "sweep", sweep_id, "--enqueue", '{"x": 2}')
    assert added.returncode == 0, added.stderr
    assert "x=2" in added.stdout
    assert {"x": 2} in [trial.params for trial in client.trials(sweep_id)]
    assert_message(command(home, "sweep", sweep_id, "--enqueue", '{"x": 9}'), 1, "`x` is 9")
    for text in ("[1]", "x=1"):
        assert_message(command(home, "sweep", sweep_id, "--enqueue", text), 2, "a JSON object", "hint:")


def test_check_creates_nothing(served: tuple[Path, Client, ServerFile], tmp_path: Path) -> None:
    home, client, _ = served
    before = len(client.sweeps())
    (tmp_path / "sweep.yaml").write_text(GRID)
    done = command(home, "sweep", "--check", "sweep.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 points" in done.stdout
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()[2:]] == ["--x=1", "--x=2", "--x=3"]
    assert len(client.sweeps()) == before


NESTED = """
method: random
seed: 1
program: train.py
parameters:
  optimizer: {parameters: {lr: {value: 0.001}, name: {value: null}}}
  n: {min: 1, max: 3}
"""


def check(folder: Path, text: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Check a sweep file in `configs`, from the folder that contains it."""
    (folder / "configs").mkdir(exist_ok=True)
    (folder / "configs/sweep.yaml").write_text(text)
    for name in files.values():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return command(folder, "sweep", "--check", "configs/sweep.yaml", cwd=folder)


def test_check_prints_command_lines_that_a_shell_runs(tmp_path: Path) -> None:
    done = check(tmp_path, NESTED, program="train.py")
    assert done.stderr == ""
    lines = done.stdout.splitlines()[2:]
    assert len(lines) == 3
    for line in lines:
        script = line.replace("train.py", "-c 'import sys; print(sys.argv[1:])'")
        printed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
        assert ast.literal_eval(printed)[1] == "--optimizer={'lr': 0.001, 'name': None}"
    dotted = check(tmp_path, f"{NESTED}args: dotted\n").stdout
    assert dotted.count("--optimizer.lr=0.001 --optimizer.name=null") == 3


def test_check_says_where_the_program_is(tmp_path: Path) -> None:
    assert "the sweep's program `train.py` is not in" in check(tmp_path, NESTED).stderr
    beside = check(tmp_path, NESTED, program="configs/train.py")
    assert f"start the agents in `{tmp_path / 'configs'}`" in beside.stderr
    assert beside.returncode == 0
    words = check(tmp_path, NESTED.replace("train.py", "torchrun --nproc-per-node=2 train.py"))
    assert_message(words, 2, '`command: [torchrun, --nproc-per-node=2, train.py, "${args}"]`')
    assert check(tmp_path, NESTED.replace("train.py", "my train.py"), program="my train.py").stderr == ""


def test_a_bad_sweep_file_lists_every_fault_and_creates_nothing(
    served: tuple[Path, Client, ServerFile], tmp_path: Path
) -> None:
    home, client, _ = served
    before = len(client.sweeps())
    (tmp_path / "bad.yaml").write_text(
        "method: bayess\nprogramm: x.py\nmetric:\n  name: loss\n  goal: minimise\n"
        "parameters:\n  lr: {min: 1, max: 0.1}\n"
    )
    done = command(home, "sweep", "bad.yaml", cwd=tmp_path)
    assert_message(
        done,
        2,
        "`bad.yaml` has 4 errors",
        "line 1: `method`: there is no search method `bayess`, allowed: grid, random, bayes",
        "line 2: `programm`",
        "did you mean `program`?",
        "line 5: `metric.goal`: is `minimise`",
        "line 7: `parameters.lr`",
        "nothing was created",
    )
    assert len(client.sweeps()) == before


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        (["sweep", "none.yaml"], 2, ["`none.yaml`", "hint:"]),
        (["sweep", "nosuchid", "--pause"], 1, ["no sweep `nosuchid`", "lightning-sweeps status"]),
        (["sweep", "x", "--pause", "--stop"], 2, ["at most one of"]),
        (["status", "nosuchid"], 1, ["no sweep `nosuchid`", "hint:"]),
        (["agent", "nosuchid"], 1, ["no sweep `nosuchid`", "hint:"]),
        (["agent", "nosuchid", "--slots", "0"], 2, ["--slots"]),
        (["server", "--show", "--stop"], 2, ["at most one of"]),
        (["server"], 1, ["a server already runs"]),
    ],
)
def test_wrong_use_is_one_message(
    served: tuple[Path, Client, ServerFile], words: list[str], status: int, parts: list[str]
) -> None:
    assert_message(command(served[0], *words), status, *parts)


def test_a_server_that_does_not_respond(home: Path) -> None:
    done = command(home, "status", LIGHTNING_SWEEPS_URL="http://127.0.0.1:1", LIGHTNING_SWEEPS_API_KEY="x")
    assert_message(done, ServerUnreachable.exit_status, "`http://127.0.0.1:1` does not answer", "LIGHTNING_SWEEPS_URL")


def test_a_wrong_key(served: tuple[Path, Client, ServerFile], home: Path) -> None:
    done = command(home, "runs", LIGHTNING_SWEEPS_URL=served[2].url, LIGHTNING_SWEEPS_API_KEY="wrong")
    assert_message(done, 1, "does not accept this API key", "LIGHTNING_SWEEPS_API_KEY")


def test_a_wrong_setting(home: Path) -> None:
    done = command(home, "runs", LIGHTNING_SWEEPS_URL="localhost:80")
    assert_message(done, UsageError.exit_status, "`LIGHTNING_SWEEPS_URL` is `localhost:80`, allowed: http://")


def test_the_traceback_of_a_failed_program_is_shown(served: tuple[Path, Client, ServerFile], tmp_path: Path) -> None:
    home, client, _ = served
    (tmp_path / "sweep.yaml").write_text(GRID + "max_failures: 1\n")
    (tmp_path / "train.py").write_text("import not_there\n")
    sweep_id = json.loads(command(home, "sweep", "sweep.yaml", "--json", cwd=tmp_path).stdout)["id"]
    done = command(home, "agent", sweep_id, "--slots", "1", "--count", "1", cwd=tmp_path)
    assert "ModuleNotFoundError: No module named 'not_there'" in done.stdout + done.stderr
    (trial, *_) = client.trials(sweep_id)
    assert trial.state == "failed"
    assert "ModuleNotFoundError" in trial.stderr_tail
    assert "failed" in command(home, "status", sweep_id).stdout


def test_a_missing_program_is_reported_before_a_trial_is_leased(
    served: tuple[Path, Client, ServerFile], tmp_path: Path
) -> None:
    home, client, _ = served
    (tmp_path / "sweep.yaml").write_text(GRID)
    sweep_id = json.loads(command(home, "sweep", "sweep.yaml", "--json", cwd=tmp_path).stdout)["id"]
    done = command(home, "agent", sweep_id, "--slots", "1", cwd=tmp_path)
    assert_message(done, done.returncode, "`train.py`", str(tmp_path))
    assert done.returncode != 0
    assert all(trial.state == "pending" for trial in client.trials(sweep_id))


def test_tune_says_that_the_program_is_beside_the_sweep_file(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my sweep"
    folder.mkdir()
    (folder / "sweep.yaml").write_text(GRID)
    (folder / "train.py").touch()
    done = command(home, "tune", "my sweep/sweep.yaml", cwd=tmp_path)
    assert_message(done, done.returncode, f"it is beside the sweep file: run `cd '{folder}'` first")
    assert done.returncode != 0


def test_a_check_says_that_a_file_has_no_program(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("method: random\nparameters: {x: {values: [1, 2]}}\n")
    done = command(home, "sweep", "sweep.yaml", "--check", cwd=tmp_path)
    assert done.returncode == 0
    assert "it names no `program`: only `lightning_sweeps.agent(sweep_id, function)` can run it" in done.stderr


def test_a_local_server_starts_when_first_needed_and_can_be_stopped(home: Path) -> None:
    first = command(home, "runs")
    assert first.returncode == 0, first.stderr
    assert "No runs" in first.stdout
    where = command(home, "server", "--where")
    assert "http://127.0.0.1:" in where.stdout
    assert "LIGHTNING_SWEEPS_API_KEY=" in command(home, "server", "--show").stdout
    assert command(home, "server", "--stop").returncode == 0
    deadline = time.monotonic() + 10
    while command(home, "server", "--where").returncode == 0:
        assert time.monotonic() < deadline
    assert_message(command(home, "server", "--where"), 1, "no server runs")


def test_a_server_that_its_parent_does_not_reap_can_be_stopped(home: Path) -> None:
    process = start_server(home)  # as a service does, which keeps running
    try:
        wait_for_server(home, process)
        done = command(home, "server", "--stop")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Stopped the server" in done.stdout
    finally:
        end_server(process)
