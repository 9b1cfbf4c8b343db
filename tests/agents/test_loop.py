"""Agents against a real server, with real trials."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.cli.report_text import build, lines
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from tests.agents.trials import finish, make_sweep, run_agents, start_agent, wait_for_file
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until

WRITE = """
import json, os, sys
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
assert sys.argv[1] == f"--x={trial['params']['x']}"
print("point", trial["params"]["x"], flush=True)
"""
FAIL = 'print("hello")\nraise ValueError("this cannot work")\n'
STAY = """
import pathlib, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
pathlib.Path("pids").write_text(str(child.pid))
pathlib.Path("up").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""
ASK = """
import lightning_sweeps
run = lightning_sweeps.init()
assert run.stop_requested() is None
"""
CHECKPOINT = """
import pathlib, signal, sys, time
steps = pathlib.Path("steps")
done = int(steps.read_text()) if steps.exists() else 0

def checkpoint(*_):
    steps.write_text(str(done + 1))
    sys.exit(0)

signal.signal(signal.SIGTERM, checkpoint)
pathlib.Path(f"up-{done + 1}").touch()
if done < 4:
    time.sleep(600)
checkpoint()
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAY

pytestmark = pytest.mark.fault


def only_trial(client: Client, sweep_id: str) -> m.Trial:
    (trial,) = client.trials(sweep_id)
    return trial


def stay(client: Client, folder: Path, *options: str, script: str = STAY) -> tuple[str, subprocess.Popen[str]]:
    """Start an agent with one trial that runs until `go` exists; return when it runs."""
    sweep_id = make_sweep(client, folder, script, points=1)
    agent = start_agent(sweep_id, *options, folder=folder)
    wait_for_file(folder / "up")
    wait_until(lambda: only_trial(client, sweep_id).state == "running", what="the start of the trial")
    return sweep_id, agent


def assert_nothing_left(folder: Path) -> None:
    pid = int((folder / "pids").read_text())
    wait_until(lambda: not psutil.pid_exists(pid), timeout_s=5, what="the end of the trial's processes")


def test_every_point_runs_once_and_the_agent_ends_with_status_0(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    ended = run_agents(sweep_id, folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    trials = client.trials(sweep_id)
    assert sorted(trial.params["x"] for trial in trials) == [0, 1, 2, 3]
    assert {trial.state for trial in trials} == {"finished"}
    assert all(trial.started and trial.exit_code == 0 for trial in trials)
    assert "[1] point 0\n" in ended.out
    assert "the sweep is finished" in ended.out
    (agent,) = client.agents(sweep_id)
    assert (agent.state, agent.trials_done) == ("gone", 4)
    assert all(trial.gpus == trial.gpu_s == 0 and (trial.start_s or 0) > 0 for trial in trials)
    assert agent.spent_s["trials"] > 0
    assert {"starting and ending trials", "waiting for a trial"} <= agent.spent_s.keys()
    printed = lines(build(client.sweep(sweep_id), trials, [agent]))
    assert any(line.startswith(f"- agent {agent.id} ({agent.host}, slot 0): 4 trials took ") for line in printed)
    assert any(line.startswith("- starting programs: ") for line in printed)


def test_count_limits_the_trials_and_quiet_hides_their_output(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    ended = run_agents(sweep_id, "--count=2", "--quiet", folder=tmp_path)
    assert ended.status == 0
    assert "point" not in ended.out
    assert [trial.state for trial in client.trials(sweep_id)].count("finished") == 2


def test_a_failing_trial_is_reported_with_its_own_traceback(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, FAIL, points=1)
    ended = run_agents(sweep_id, folder=tmp_path)
    trial = only_trial(client, sweep_id)
    assert (trial.state, trial.exit_code) == ("failed", 1)
    assert trial.reason == "ValueError: this cannot work"
    assert trial.stderr_tail.startswith("Traceback")
    assert trial.stderr_tail.endswith("ValueError: this cannot work")
    assert "failed: ValueError: this cannot work" in ended.out
    assert "[1] ValueError: this cannot work" in ended.err


def test_the_error_of_the_command_line_is_the_reason_everywhere(client: Client, tmp_path: Path) -> None:
    script = "import argparse\nargparse.ArgumentParser(prog='train.py').parse_args()\n"
    sweep_id = make_sweep(client, tmp_path, script, points=2, max_failures=2)
    ended = run_agents(sweep_id, folder=tmp_path)
    reason = "train.py: error: unrecognized arguments: --x="
    assert ended.out.count(f"failed: {reason}") == 2
    sweep, trials = client.sweep(sweep_id), client.trials(sweep_id)
    assert all(trial.reason.startswith(reason) for trial in trials)
    assert f"the last one: {reason}" in sweep.reason
    assert any(f"- trial 1: {reason}" in line for line in lines(build(sweep, trials, client.agents(sweep_id))))


def test_a_stop_from_the_server_ends_the_trial_and_all_its_processes(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path, "--grace-s=0.2", script=ASK + STAY)
    client.stop_trial(only_trial(client, sweep_id).id)
    ended = finish(agent, folder=tmp_path)
    assert ended.status == 0
    assert only_trial(client, sweep_id).state == "stopped"
    assert "did not stop within 0.2 s: SIGTERM" in ended.out
    assert_nothing_left(tmp_path)


def test_a_program_that_does_not_ask_is_stopped_by_sigterm_at_once(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path)
    client.stop_trial(only_trial(client, sweep_id).id)
    ended = finish(agent, folder=tmp_path, limit_s=15)  # the grace period is 30 s
    assert ended.status == 0
    assert only_trial(client, sweep_id).state == "stopped"
    assert "did not stop within" not in ended.out
    assert_nothing_left(tmp_path)


def test_a_cancelled_sweep_kills_its_trial(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path, script=STUBBORN)
    client.set_sweep_state(sweep_id, "cancelled")
    assert finish(agent, folder=tmp_path).status == 0
    assert_nothing_left(tmp_path)


def test_ctrl_c_once_finishes_the_trial(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path)
    agent.send_signal(signal.SIGINT)
    wait_until(lambda: "will be finished" in (tmp_path / "agent.out").read_text(), what="the agent's message")
    (tmp_path / "go").touch()
    assert finish(agent, folder=tmp_path).status == 130
    assert only_trial(client, sweep_id).state == "finished"


def test_ctrl_c_three_times_kills_the_trial(client: Client, tmp_path: Path) -> None:
    _, agent = stay(client, tmp_path, script=STUBBORN)
    for text in ("will be finished", "ending it", "killing it"):
        agent.send_signal(signal.SIGINT)
        wait_until(lambda text=text: text in (tmp_path / "agent.out").read_text(), what=text)  # type: ignore[misc]
    assert finish(agent, folder=tmp_path, limit_s=10).status == 130
    assert_nothing_left(tmp_path)


def test_sigterm_ends_the_trial_and_returns_it_to_the_sweep(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path)
    agent.terminate()
    assert finish(agent, folder=tmp_path).status == 143
    assert_nothing_left(tmp_path)
    assert only_trial(client, sweep_id).state in ("pending", "preempted")
    assert client.agents(sweep_id)[0].state == "gone"


def test_a_program_that_checkpoints_and_needs_five_jobs_completes(client: Client, tmp_path: Path) -> None:
    """Each job ends by SIGTERM, as at the time limit of Slurm; `retry` has its default of 1."""
    sweep_id = make_sweep(client, tmp_path, CHECKPOINT, points=1)
    for job in range(1, 5):
        agent = start_agent(sweep_id, folder=tmp_path)
        wait_for_file(tmp_path / f"up-{job}")
        agent.terminate()
        ended = finish(agent, folder=tmp_path)
        assert ended.status == 143
        trial = only_trial(client, sweep_id)
        count = f"runs again: the agent received SIGTERM (preemption {job}, without a limit)"
        assert (trial.state, trial.attempt, trial.reason) == ("pending", job + 1, count)
        assert f": {count}\n" in ended.out
    assert run_agents(sweep_id, folder=tmp_path).status == 0
    trial = only_trial(client, sweep_id)
    assert (trial.state, trial.attempt, trial.reason) == ("finished", 5, "")
    assert (tmp_path / "steps").read_text() == "5"


def test_the_trial_of_a_killed_agent_is_ended_and_returned_at_once(client: Client, tmp_path: Path, home: Path) -> None:
    sweep_id, supervisor = stay(client, tmp_path)
    folder = Home(home).trial(only_trial(client, sweep_id).id)
    running = json.loads(folder.process.read_bytes())
    os.kill(running["agent"]["pid"], signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(running["first"]["pid"]), timeout_s=5, what="the end of the first process")
    assert_nothing_left(tmp_path)
    assert finish(supervisor, folder=tmp_path).status == 128 + signal.SIGKILL
    trial = only_trial(client, sweep_id)
    assert (trial.state, trial.attempt) == ("pending", 2)
    assert client.agents(sweep_id)[0].state == "gone"


def test_a_killed_supervisor_ends_agent_and_trial(client: Client, tmp_path: Path) -> None:
    sweep_id, supervisor = stay(client, tmp_path)
    supervisor.kill()
    supervisor.wait()
    assert_nothing_left(tmp_path)
    wait_until(lambda: client.agents(sweep_id)[0].state == "gone", what="the end of the registration")


def test_a_trial_that_runs_too_long_is_ended_and_fails(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, STAY, points=1, timeout=0.5)
    assert run_agents(sweep_id, folder=tmp_path).status == 1
    trial = only_trial(client, sweep_id)
    assert (trial.state, trial.reason) == ("failed", "it ran longer than the sweep's `timeout` of 0.5 s")
    assert_nothing_left(tmp_path)


def test_an_agent_without_work_gives_up_after_the_idle_timeout(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    client.set_sweep_state(sweep_id, "paused")
    ended = run_agents(sweep_id, "--idle-timeout=0.5", folder=tmp_path)
    assert ended.status == 1
    assert "no trial for 0.5 s (`--idle-timeout`): giving up" in ended.out


def test_a_trial_that_this_machine_cannot_start_returns_to_the_sweep_and_the_agent_gives_up(
    client: Client, tmp_path: Path, home: Path
) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    (home / "trials").write_text("like a full disk: nothing can be written here")
    ended = run_agents(sweep_id, folder=tmp_path)
    assert ended.status == 1
    assert ended.out.count("this machine cannot start trial ") == 1
    assert ended.out.count("returning the trial to the sweep and giving up") == 1
    assert {trial.state for trial in client.trials(sweep_id)} == {"pending"}


def test_the_signal_of_slurm_ends_the_trial_as_preempted(client: Client, tmp_path: Path) -> None:
    sweep_id, agent = stay(client, tmp_path)
    agent.send_signal(signal.SIGUSR1)
    assert finish(agent, folder=tmp_path).status == 143
    assert_nothing_left(tmp_path)
    trial = only_trial(client, sweep_id)
    assert (trial.state, trial.attempt) == ("pending", 2)


def test_an_idle_agent_ends_on_ctrl_c_at_once(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    client.set_sweep_state(sweep_id, "paused")
    agent = start_agent(sweep_id, folder=tmp_path)
    wait_until(lambda: bool(client.agents(sweep_id)), what="the agent")
    agent.send_signal(signal.SIGINT)
    assert finish(agent, folder=tmp_path, limit_s=5).status == 130


@pytest.mark.parametrize(
    ("is_known", "part"), [(False, "no-such-sweep"), (True, "the sweep's program `train.py` is not in")]
)
def test_a_sweep_that_cannot_start_is_reported_once(client: Client, tmp_path: Path, is_known: bool, part: str) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    (tmp_path / "train.py").unlink()
    ended = run_agents(sweep_id if is_known else "no-such-sweep", "--slots=2", folder=tmp_path)
    assert ended.status == 1
    assert ended.err.count(part) == 1
    assert "hint: " in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert client.agents(sweep_id) == []


def test_a_wrong_api_key_is_reported(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, WRITE)
    environment = os.environ | {"LIGHTNING_SWEEPS_URL": client.url, "LIGHTNING_SWEEPS_API_KEY": "wrong"}
    ended = finish(start_agent(sweep_id, folder=tmp_path, environment=environment), folder=tmp_path)
    assert ended.status == 1
    assert "does not accept this API key" in ended.err


def test_no_trial_is_lost_when_the_server_restarts(tmp_path: Path, home: Path) -> None:
    with running_server(home) as (client, _):
        sweep_id, agent = stay(client, tmp_path)
    wait_until(lambda: "retrying until it answers" in (tmp_path / "agent.out").read_text(), what="the agent's message")
    process = start_server(home)
    try:
        server = wait_for_server(home, process)
        wait_until(lambda: "answers again" in (tmp_path / "agent.out").read_text(), what="the agent's message")
        (tmp_path / "go").touch()
        ended = finish(agent, folder=tmp_path)
        with Client(server.url, server.token) as client:
            trial = only_trial(client, sweep_id)
        assert (ended.status, trial.state) == (0, "finished")
        assert ended.out.count("retrying until it answers") == 1
    finally:
        end_server(process)


def test_the_gap_between_two_trials_is_short(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "", points=20, command=["true"])
    assert run_agents(sweep_id, "--quiet", folder=tmp_path).status == 0
    trials = sorted(client.trials(sweep_id), key=lambda trial: trial.number)
    gaps = [(later.started or 0) - (earlier.ended or 0) for earlier, later in itertools.pairwise(trials)]
    assert sum(gaps) / len(gaps) < 0.3


def test_the_agent_loads_neither_torch_nor_lightning() -> None:
    check = (
        "import sys, lightning_sweeps.tuner, lightning_sweeps.agents.start; "
        "sys.exit(str([name for name in ('torch', 'lightning', 'numpy', 'optuna') if name in sys.modules]))"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == "[]"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("module", ["agents", "tuner"])
def test_an_impossible_option_is_a_usage_error(tmp_path: Path, module: str) -> None:
    ended = run_agents("s", "--slots=0", folder=tmp_path, module=module)
    assert (ended.status, ended.err) == (2, "`--slots 0` was given, allowed: 1 or more\n")
