"""Nobody takes the agent's output for a while: its trial, its heartbeats and its reports go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.agents.display.display import MOST_WAITING_BYTES
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from tests.agents.terminals import START, STOP, in_terminal
from tests.agents.trials import finish, make_sweep, start_agent, wait_for_file
from tests.servers import running_server, wait_until

pytestmark = pytest.mark.fault

LEASE_S = 2
TALKATIVE = """
import pathlib, sys, time
line = "x" * 200
print("first line", flush=True)
for _ in range(3000):  # more than pipes and terminals keep
    print(line, flush=True)
    print(line, file=sys.stderr, flush=True)
pathlib.Path("filled").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
print("last line", flush=True)
"""
WORDS = [sys.executable, "-m", "lightning_sweeps.cli", "agent", "--cold"]


def trials_of(client: Client, sweep_id: str) -> list[m.Trial]:
    return client.trials(sweep_id)


def run_past_the_lease(client: Client, sweep_id: str, folder: Path) -> None:
    """Let the trial print for several lease times, then let it end; wait for its end on the server."""
    wait_until(lambda: [trial.state for trial in trials_of(client, sweep_id)] == ["running"], what="the trial's start")
    wait_until((folder / "filled").exists, what="much output")
    since = time.time()
    wait_until(lambda: client.agents(sweep_id)[0].seen > since + 2 * LEASE_S, what="heartbeats for two lease times")
    (folder / "go").touch()
    wait_until(lambda: [trial.state for trial in trials_of(client, sweep_id)] == ["finished"], what="the trial's end")


def test_ctrl_s_in_a_terminal(home: Path, tmp_path: Path) -> None:
    with running_server(home, None, f"--lease-s={LEASE_S}") as (client, _):
        sweep_id = make_sweep(client, tmp_path, TALKATIVE, points=1)
        with in_terminal([*WORDS, sweep_id], folder=tmp_path) as terminal:
            terminal.wait_for(b"first line")
            terminal.type(STOP)
            run_past_the_lease(client, sweep_id, tmp_path)
            (trial,) = trials_of(client, sweep_id)
            assert trial.attempt == 1
            terminal.type(START)
            assert terminal.wait() == 0
    log = Home(home).trial(trial.id).stdout.read_bytes()
    assert log.endswith(b"last line\n")
    assert b"] last line" in terminal.shown
    assert b"the sweep is finished" in terminal.shown


def test_a_terminal_that_stops_background_jobs_which_print(home: Path, tmp_path: Path) -> None:
    """After `stty tostop`, the kernel stops the whole job of a process that prints in the background."""
    with running_server(home) as (client, _):
        sweep_id = make_sweep(client, tmp_path, "print('hello')", points=1)
        with in_terminal([*WORDS, sweep_id], folder=tmp_path, flags=termios.TOSTOP) as terminal:
            assert terminal.wait() == 0
    assert b"[1] hello" in terminal.shown


def test_a_pipe_whose_reader_pauses(home: Path, tmp_path: Path) -> None:
    with running_server(home, None, f"--lease-s={LEASE_S}") as (client, _):
        sweep_id = make_sweep(client, tmp_path, TALKATIVE, points=1)
        with subprocess.Popen(
            [*WORDS, sweep_id], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as agent:
            assert agent.stdout is not None
            run_past_the_lease(client, sweep_id, tmp_path)
            shown = agent.stdout.read()
            assert agent.wait(30) == 0
        (trial,) = trials_of(client, sweep_id)
    assert trial.attempt == 1
    assert b"[1] last line\n" in shown
    assert shown.count(b"[1] " + b"x" * 200 + b"\n") == _lines(Home(home).trial(trial.id).stdout) - 2 + _lines(
        Home(home).trial(trial.id).stderr
    )


def test_a_stopped_agent_keeps_its_trial(home: Path, tmp_path: Path) -> None:
    """Ctrl-Z, a debugger, or a machine that swaps: the trial goes on, and no other agent may start it."""
    with running_server(home, None, f"--lease-s={LEASE_S}") as (client, _):
        sweep_id = make_sweep(client, tmp_path, TALKATIVE, points=1)
        agent = start_agent(sweep_id, folder=tmp_path)
        wait_for_file(tmp_path / "filled")
        pid = client.agents(sweep_id)[0].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(lambda: client.agents(sweep_id)[0].state == "lost", what="the end of the lease")
            (trial,) = client.trials(sweep_id)
            assert (trial.state, trial.attempt) == ("running", 1)
            (tmp_path / "go").touch()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert finish(agent, folder=tmp_path).status == 0
        (trial,) = client.trials(sweep_id)
        assert (trial.state, trial.attempt, trial.reason) == ("finished", 1, "")


def test_an_agent_without_a_network_ends_its_trial_before_another_agent_gets_it(home: Path, tmp_path: Path) -> None:
    with running_server(home, None, "--lease-s=1", "--takeover-s=14") as (client, server):
        sweep_id = make_sweep(client, tmp_path, "import time\ntime.sleep(600)", points=1)
        agent = start_agent(sweep_id, "--grace-s=0", folder=tmp_path)
        wait_until(lambda: [trial.state for trial in client.trials(sweep_id)] == ["running"], what="the trial's start")
        os.kill(server.pid, signal.SIGSTOP)  # like a network that swallows everything: nothing is refused
        try:
            said = "the server has not answered for so long that another agent may run it"
            wait_until(lambda: said in (tmp_path / "agent.out").read_text(), what="the end of the trial")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        returned = f"runs again: {said} (preemption 1, without a limit)"
        wait_until(lambda: returned in (tmp_path / "agent.out").read_text(), what="the trial's return to the sweep")
        agent.terminate()
        finish(agent, folder=tmp_path)


SAY_MUCH = """
import sys
from lightning_sweeps.agents.display.display import Display
from lightning_sweeps.agents.display.sinks import DisplayStyle
display = Display.start(DisplayStyle(0))
for number in range(20000):
    display.say(f"message {number:06} " + "x" * 50)
print(display._waiting_bytes, file=sys.stderr, flush=True)
sys.stdin.readline()
display.say("the end")
display.close()
"""


def test_messages_that_nobody_takes_are_bounded_and_counted() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SAY_MUCH], stdin=pipe, stdout=pipe, stderr=pipe) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert agent.stderr is not None
        waiting_bytes = int(agent.stderr.readline())  # the agent has said everything, and did not wait
        assert 0 < waiting_bytes < 2 * MOST_WAITING_BYTES
        agent.stdin.write(b"\n")
        agent.stdin.close()
        shown = agent.stdout.read().decode().splitlines()
    messages = [line[8:14] for line in shown if line.startswith("message ")]
    assert messages == [f"{number:06}" for number in range(len(messages))]
    notes = [line for line in shown if line.endswith(" messages are not shown: the terminal took no output)")]
    unshown = sum(int(note[1:].partition(" ")[0]) for note in notes)
    assert len(messages) + unshown + shown.count("the end") == 20001


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def test_an_agent_ends_while_nobody_takes_its_output(home: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with running_server(home) as (client, _):
        sweep_id = make_sweep(client, tmp_path, f"print('x' * {1 << 20}, flush=True)", points=3)
        agent = subprocess.Popen([*WORDS, sweep_id], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=writing)
        os.close(writing)
        assert agent.wait(40) == 0
        assert [trial.state for trial in trials_of(client, sweep_id)] == ["finished"] * 3
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read().count(b"x") >= 3 << 20
