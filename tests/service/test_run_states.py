"""A run's state is that of its main process, and every run ends, whatever dies with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.node import node_id
from tests.cli.test_cli import command
from tests.servers import running_server, wait_until
from tests.service.services import running_service, start_service
from tests.service.test_service import closed_run


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    """One server and one service for the tests that do not stop them."""
    home = tmp_path_factory.mktemp("together") / "home"
    with running_server(home) as (client, _), running_service(home):
        yield home, client


def start(home: Path, folder: Path, code: str, *, project: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start a program from a file, because child processes of multiprocessing import it again."""
    program = folder / f"{project}.py"
    program.write_text(
        f"import os, signal, sys, time\nimport lightning_sweeps as ls\n{code.replace('PROJECT', project)}"
    )
    return subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home), **variables},
    )


# child processes

FORK = """
run = ls.init("PROJECT")
run.log({"x": 0})
child = os.fork()
if child == 0:
    run.log({"x": 1})
    END
os.waitpid(child, 0)
time.sleep(0.5)
run.log({"x": 2})
ls.finish()
"""
POOL = """
import multiprocessing
def work(run, number):
    run.log({"x": number})
if __name__ == "__main__":
    run = ls.init("PROJECT")
    run.log({"x": 0})
    with multiprocessing.get_context("METHOD").Pool(2) as pool:
        pool.starmap(work, [(run, 1)])
    run.log({"x": 2})
    ls.finish()
"""
LOADER = """
import torch
class Numbers(torch.utils.data.Dataset):
    def __init__(self, run): self.run = run
    def __len__(self): return 1
    def __getitem__(self, index):
        self.run.log({"x": 1})
        return index
if __name__ == "__main__":
    run = ls.init("PROJECT")
    run.log({"x": 0})
    list(torch.utils.data.DataLoader(Numbers(run), num_workers=1))
    run.log({"x": 2})
    ls.finish()
"""
CHILDREN = {
    "pool-fork": POOL.replace("METHOD", "fork"),
    "pool-spawn": POOL.replace("METHOD", "spawn"),
    "loader": LOADER,
    "child-exits-0": FORK.replace("END", "os._exit(0)"),
    "child-sys-exit-1": FORK.replace("END", "sys.exit(1)"),
    "child-raises": FORK.replace("END", "raise ValueError('in the child')"),
    "child-finishes": FORK.replace("END", "run.finish('failed', reason='in the child'); os._exit(0)"),
    "child-sigkill": FORK.replace("END", "os.kill(os.getpid(), signal.SIGKILL)"),
    "child-abort": FORK.replace("END", "os.abort()"),
    "child-is-terminated": FORK.replace("END", "os.kill(os.getpid(), signal.SIGTERM)"),
}
EVENTS = {"child-raises", "child-finishes"}
UNSEEN = {"child-sigkill", "child-abort", "child-sys-exit-1"}
"""Nobody sees the exit status if the parent reaps the child before the service knows it, or before Linux 6.15."""


def test_no_end_of_a_child_process_changes_the_state_of_the_run(together: tuple[Path, Client], tmp_path: Path) -> None:
    home, client = together
    programs = {name: start(home, tmp_path, code, project=name) for name, code in CHILDREN.items()}
    for program in programs.values():
        program.communicate(timeout=120)
    for name in programs:
        (run,) = closed_run(client, name)
        assert (name, run.state) == (name, "finished")
        wait_until(lambda run=run: client.run(run.id).rows == 3, what=f"all rows of {name}")  # type: ignore[misc]
    wait_until(lambda: not list(Home(home).journals.glob("*.closed")), what="the end of all journals of children")
    for name in programs:
        (run,) = client.runs(project=name).runs
        assert (name, run.state, run.rows) == (name, "finished", 3)
        if name in EVENTS:
            wait_until(lambda run=run: has_event(client, run.id), what=f"the event of {name}")  # type: ignore[misc]
        elif name not in UNSEEN:
            assert not has_event(client, run.id), name


def has_event(client: Client, run_id: str) -> bool:
    return any(line.stream == "event" for line in client.console(run_id))


# the end of the program

ENDS = {
    "with-sys-exit-3": ("sys.exit(3)", "failed", "exit status 3", 3),
    "with-sys-exit-0": ("sys.exit(0)", "finished", "", 0),
    "with-sys-exit-none": ("sys.exit()", "finished", "", 0),
    "with-sys-exit-text": ("sys.exit('no data')", "failed", "no data", 1),
    "with-ctrl-c": ("os.kill(os.getpid(), 2); time.sleep(9)", "killed", "interrupted from the keyboard", None),
    "with-exception": ("raise ValueError('bad')", "failed", "ValueError: bad", None),
    "with-nothing": ("pass", "finished", "", None),
}  # fmt: skip


def test_a_with_block_gives_the_run_the_state_of_the_program(together: tuple[Path, Client], tmp_path: Path) -> None:
    home, client = together
    code = "with ls.init('PROJECT') as run:\n    run.log({'x': 1})\n    "
    programs = [start(home, tmp_path, code + end[0], project=name) for name, end in ENDS.items()]
    for program in programs:
        program.communicate(timeout=60)
    found = {}
    for name, (*_, expected_code) in ENDS.items():
        (run,) = closed_run(client, name)
        # where the block's end does not know it, the service may have read it, if it came before `communicate`
        code_of_run = None if expected_code is None else run.exit_code
        found[name] = (run.state, run.reason, code_of_run)
    assert found == {name: end[1:] for name, end in ENDS.items()}


@pytest.mark.parametrize("length", [100, 5000, 100_000])
def test_a_failure_keeps_its_reason_however_long_it_is(
    together: tuple[Path, Client], tmp_path: Path, length: int
) -> None:
    home, client = together
    code = f"ls.init('PROJECT').log({{'x': 1}})\nraise RuntimeError('size mismatch ' + 'ÿ' * {length} + ' at the end')"
    with start(home, tmp_path, code, project=f"long-{length}") as program:
        assert program.stdout is not None and program.stdout.read() == b""
        # not reaped yet: before Linux 6.15, the service reads the exit status from the zombie
        (run,) = closed_run(client, f"long-{length}")
        wait_until(lambda: client.run(run.id).exit_code == 1, what="the exit status")
    run = client.run(run.id)
    assert run.state == "failed"
    assert run.reason.startswith("RuntimeError: size mismatch") and run.reason.endswith(" at the end")


# machines and containers that are gone

LOG_AND_WAIT = "run = ls.init('PROJECT')\nfor i in range(100): run.log({'x': i})\nprint(flush=True)\nsys.stdin.read()"


def test_the_next_container_on_a_home_ends_the_run_of_a_killed_one(home: Path, tmp_path: Path) -> None:
    killed = start(home, tmp_path, LOG_AND_WAIT, project="container", LIGHTNING_SWEEPS_NODE="container-1")
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert len(list(Home(home).journals.glob("*.journal"))) == 1
    variables = {"LIGHTNING_SWEEPS_NODE": "container-2", "LIGHTNING_SWEEPS_ORPHAN_S": "1"}
    with running_server(home) as (client, _):
        second = start_service(home, **variables)  # it waits for the orphan, ends its run, and exits
        assert second.wait(60) == 0
        (run,) = client.runs(project="container").runs
        assert (run.state, run.rows) == ("lost", 100)
        assert "nothing was written since" in run.reason
        assert not list(Home(home).journals.iterdir())


def test_a_container_that_lives_keeps_its_journals(home: Path, tmp_path: Path) -> None:
    with running_server(home) as (client, _), running_service(home):
        program = start(home, tmp_path, LOG_AND_WAIT, project="lives")
        assert program.stdout is not None
        program.stdout.readline()
        other = start_service(home, LIGHTNING_SWEEPS_NODE="another", LIGHTNING_SWEEPS_ORPHAN_S="0.1")
        assert other.wait(60) == 0
        assert client.runs(project="lives").runs[0].state == "running"
        program.communicate()
        assert closed_run(client, "lives")[0].state == "finished"


@pytest.mark.skipif(shutil.which("unshare") is None or os.getuid() != 0, reason="needs pid namespaces")
def test_a_real_container_that_is_killed_whole(home: Path, tmp_path: Path) -> None:
    program = tmp_path / "inside.py"
    program.write_text(f"import sys\nimport lightning_sweeps as ls\n{LOG_AND_WAIT.replace('PROJECT', 'inside')}")
    inside = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home)},
    )
    assert inside.stdout is not None and inside.stderr is not None
    if not inside.stdout.readline():
        pytest.skip(f"no pid namespaces here: {inside.communicate()[1].decode()}")
    inside.kill()
    inside.wait()  # before its input ends, which the program would see
    inside.communicate()
    with running_server(home) as (client, _):
        assert start_service(home, LIGHTNING_SWEEPS_ORPHAN_S="1").wait(60) == 0
        (run,) = client.runs(project="inside").runs
        assert (run.state, run.rows) == ("lost", 100)


def test_a_command_ends_what_a_machine_left_when_it_was_switched_off(home: Path, tmp_path: Path) -> None:
    left = start(home, tmp_path, LOG_AND_WAIT, project="left")
    assert left.stdout is not None
    left.stdout.readline()
    left.kill()
    left.communicate()
    with running_server(home) as (client, _):
        done = command(home, "runs", LIGHTNING_SWEEPS_SERVICE="process", LIGHTNING_SWEEPS_IDLE_EXIT_S="1")
        assert done.returncode == 0
        (run,) = closed_run(client, "left")
        assert (run.state, run.rows) == ("killed", 100)
        state = Home(home).service_state(node_id())
        wait_until(lambda: not list(Home(home).journals.glob("*.journal")), what="the end of the journals")
        wait_until(state.exists, what="the state of the service")
        wait_until(lambda: "ended" in Home(home).service_log.read_text(), what="the end of the service")


@pytest.mark.slow
def test_a_run_of_a_silent_machine_is_lost_and_comes_back_and_a_person_can_close_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_LOST_S", "14")
    with running_server(home) as (client, _), running_service(home) as service:
        program = start(home, tmp_path, LOG_AND_WAIT, project="silent")
        wait_until(lambda: bool(client.runs(project="silent").runs), what="the run")
        service.send_signal(signal.SIGSTOP)
        (run,) = closed_run(client, "silent")
        assert run.state == "lost"
        service.send_signal(signal.SIGCONT)
        wait_until(lambda: client.run(run.id).state == "running", what="the run that comes back")
        service.send_signal(signal.SIGSTOP)
        closed = command(home, "runs", "--close", run.id)
        assert f"{run.id}: killed (closed by a person)" in closed.stdout
        service.send_signal(signal.SIGCONT)
        program.communicate()
        wait_until(lambda: client.run(run.id).state == "finished", what="the true end")
        assert command(home, "runs", "--close", "unknown").returncode == 1
