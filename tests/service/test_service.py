"""The service with a real server and real programs: uploads, the end of runs, and crashes of each part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.journal.records import FINAL_RUN_STATES
from lightning_sweeps.messages import Point, RunDetails
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.process_tree import ProcessId, TrialProcess, identify
from lightning_sweeps.system.service_lock import is_held
from tests.fakes.gpus import fake_nvml_environment
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until
from tests.service.services import journal_files, run_program, running_service, start_service


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    """One server and one service for the tests that do not stop them."""
    home = tmp_path_factory.mktemp("together") / "home"
    with running_server(home) as (client, _), running_service(home):
        yield home, client


def closed_run(client: Client, project: str, *, runs: int = 1) -> list[RunDetails]:
    """Wait until `runs` runs of the project have ended on the server."""
    found: list[RunDetails] = []

    def are_closed() -> bool:
        found[:] = client.runs(project=project).runs
        return len(found) == runs and all(run.state in FINAL_RUN_STATES for run in found)

    wait_until(are_closed, what=f"the end of {runs} runs of `{project}`")
    return found


def sequences(points: list[Point]) -> list[int]:
    return [point.sequence for point in points]


def journal_files_of_runs(home: Path) -> list[Path]:
    """Return the journals of programs, without the node's journal, which exists while the service is running."""
    return [path for path in journal_files(home) if _is_of_run(path)]


def _is_of_run(path: Path) -> bool:
    try:
        header = read_header(path)
    except FileNotFoundError:
        return False  # the service has just deleted it
    return header is None or header.run is not None


ENDS = [
    ("finish", "ls.finish()", "finished", "", None, None),
    ("exit", "", "finished", "", 0, None),
    ("exception", "raise ValueError('bad')", "failed", "ValueError: bad", 1, None),
    ("sys-exit", "sys.exit(3)", "failed", "exit status 3", 3, None),
    ("os-exit-0", "os._exit(0)", "finished", "ended with exit status 0 without `finish()`", 0, None),
    ("os-exit-4", "os._exit(4)", "failed", "exit status 4", 4, None),
    ("sigkill", "os.kill(os.getpid(), signal.SIGKILL)", "killed", "killed by signal 9 (SIGKILL)", None, 9),
    ("sigterm", "os.kill(os.getpid(), signal.SIGTERM)", "killed", "killed by signal 15 (SIGTERM)", None, 15),
    ("sigsegv", "os.kill(os.getpid(), signal.SIGSEGV)", "killed", "killed by signal 11 (SIGSEGV)", None, 11),
    ("finish-then-die", "ls.finish(); os.abort()", "finished", "", None, None),
]


@pytest.mark.fault
@pytest.mark.parametrize(
    ("name", "end", "state", "reason", "exit_code", "number"), ENDS, ids=[str(end[0]) for end in ENDS]
)
def test_every_end_of_a_program_closes_its_run_with_a_reason_and_all_rows(
    together: tuple[Path, Client],
    name: str,
    end: str,
    state: str,
    reason: str,
    exit_code: int | None,
    number: int | None,
) -> None:
    home, client = together
    program = run_program(
        home,
        f"run = ls.init(project={name!r})\nfor i in range(500): run.log({{'x': i}})\nsys.stdin.readline()\n{end}",
        stdin=subprocess.PIPE,
    )
    wait_until(lambda: bool(client.runs(project=name).runs), what="the run")
    program.communicate(b"end now\n", timeout=60)
    (run,) = closed_run(client, name)
    wait_until(lambda: journal_files_of_runs(home) == [], what="the deletion of the dead program's journal")
    run = client.run(run.id)
    assert (run.state, run.reason, run.exit_code, run.signal) == (state, reason, exit_code, number)
    assert sequences(client.points(run.id, "x")) == list(range(1, 501))


def test_the_node_is_sampled_once_for_any_number_of_runs(together: tuple[Path, Client]) -> None:
    home, client = together
    program = run_program(home, "ls.init(project='sampled'); signal.pause()")
    wait_until(lambda: bool(client.runs(project="sampled").runs), what="the run")
    wait_until(lambda: [node.id for node in client.nodes()] == [node_id()], what="the node")
    wait_until(lambda: any(key.key == "cpu.percent" for key in client.keys(node_id())), what="a sample")
    program.kill()
    program.wait()
    closed_run(client, "sampled")
    keys = {key.key: key for key in client.keys(node_id())}
    assert {"memory.used_bytes", "disk.used_bytes", "network.sent_bytes_per_s"} <= keys.keys()
    assert keys["memory.percent"].maximum is not None
    assert 0 < keys["memory.percent"].maximum <= 100


def test_every_gpu_is_sampled_once_per_node(home: Path) -> None:
    variables = {**environment(), **fake_nvml_environment(gpus=2)}
    with running_server(home) as (client, _), running_service(home, **variables):
        program = run_program(home, "ls.init(); signal.pause()")
        wait_until(lambda: any(key.key.startswith("gpu.1.") for key in client.keys(_only_node(client))), what="GPU 1")
        program.kill()
        program.wait()
        keys = {key.key for key in client.keys(node_id())}
        for reading in ("utilization_percent", "memory_used_bytes", "temperature_c", "power_w", "sm_clock_mhz"):
            assert {f"gpu.0.{reading}", f"gpu.1.{reading}"} <= keys
        (node,) = client.nodes()
        assert len(node.gpus) == 2


def _only_node(client: Client) -> str:
    wait_until(lambda: bool(client.nodes()), what="a node")
    return client.nodes()[0].id


MEMORY_LIMIT = 200 * 1024 * 1024
CGROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))


def limited_group() -> Path | None:
    """Create a memory cgroup (version 1 or 2) with a small limit; return None without the permission."""
    for root in CGROUPS:
        group = root / f"lightning-sweeps-{os.getpid()}"
        try:
            group.mkdir()
            limits = [name for name in ("memory.limit_in_bytes", "memory.max") if (group / name).exists()]
            (group / limits[0]).write_text(str(MEMORY_LIMIT))
            return group
        except (OSError, IndexError):
            with suppress(OSError):
                group.rmdir()
    return None


@contextmanager
def limited_memory() -> Iterator[Path]:
    group = limited_group()
    if group is None:
        pytest.skip("this user may not create memory cgroups")
    try:
        yield group
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), what="the group's last process")
        group.rmdir()


@pytest.mark.fault
def test_the_reason_reports_a_kill_by_the_kernel_for_lack_of_memory(together: tuple[Path, Client]) -> None:
    home, client = together
    with limited_memory() as group:
        code = "run = ls.init('memory'); run.log({'x': 1}); sys.stdin.readline(); hog = bytearray(1 << 30)"
        program = run_program(home, code, stdin=subprocess.PIPE)
        (group / "cgroup.procs").write_text(str(program.pid))
        wait_until(lambda: bool(client.runs(project="memory").runs), what="the run")
        program.communicate(b"on\n", timeout=60)
    (run,) = closed_run(client, "memory")
    assert run.reason == "killed by signal 9 (SIGKILL) by the kernel: out of memory"


@pytest.mark.fault
def test_rows_wait_in_the_journal_until_a_server_runs(home: Path) -> None:
    program = run_program(home, "run = ls.init(project='late')\nfor i in range(200): run.log({'x': i})")
    assert program.wait(60) == 0
    with running_server(home) as (client, _), running_service(home):
        (run,) = closed_run(client, "late")
        assert sequences(client.points(run.id, "x")) == list(range(1, 201))
        assert run.state == "finished"


@pytest.mark.fault
def test_no_row_is_lost_or_doubled_when_the_server_is_killed_and_restarted(home: Path) -> None:
    server = start_server(home)
    try:
        file = wait_for_server(home, server)
        port = int(file.url.rpartition(":")[2])
        # a server that is configured by its address is not restarted by the service
        with running_service(home, LIGHTNING_SWEEPS_URL=file.url, LIGHTNING_SWEEPS_API_KEY=file.token):
            program = run_program(
                home,
                "import time\nrun = ls.init(project='cut')\nfor i in range(3000): run.log({'x': i}); time.sleep(0.001)",
            )
            with Client(file.url, file.token) as client:
                wait_until(lambda: any(run.rows for run in client.runs(project="cut").runs), what="the first rows")
            server.kill()
            server.wait()
            server = start_server(home, port=port)
            file = wait_for_server(home, server)
            assert program.wait(60) == 0
            with Client(file.url, file.token) as client:
                (run,) = closed_run(client, "cut")
                assert sequences(client.points(run.id, "x")) == list(range(1, 3001))
                assert run.rows == 3000
    finally:
        end_server(server)


@pytest.mark.fault
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_new_service_continues_the_uploads_of_a_killed_one(home: Path, number: signal.Signals) -> None:
    with running_server(home) as (client, _):
        first = start_service(home)
        program = run_program(
            home,
            "import time\nrun = ls.init(project='two')\nfor i in range(3000): run.log({'x': i}); time.sleep(0.001)",
        )
        wait_until(lambda: any(run.rows for run in client.runs(project="two").runs), what="the first rows")
        first.send_signal(number)
        first.wait(20)
        with running_service(home):
            assert program.wait(60) == 0
            (run,) = closed_run(client, "two")
        assert sequences(client.points(run.id, "x")) == list(range(1, 3001))


@pytest.mark.fault
def test_the_run_of_a_rank_that_dies_without_a_service_is_closed_by_the_next_service(home: Path) -> None:
    program = run_program(home, "ls.init(project='unseen').log({'x': 1}); os.kill(os.getpid(), 9)")
    program.wait(60)
    with running_server(home) as (client, _), running_service(home):
        (run,) = closed_run(client, "unseen")
    assert run.state == "killed"
    assert "its exit status is unknown" in run.reason


def test_a_second_service_on_the_node_exits_at_once(home: Path) -> None:
    with running_service(home, LIGHTNING_SWEEPS_URL="http://127.0.0.1:1"):
        assert start_service(home).wait(20) == 0
        assert is_held(Home(home))
    assert not is_held(Home(home))


def test_the_service_exits_when_everything_is_uploaded_and_leaves_no_journal(home: Path) -> None:
    with running_server(home) as (client, _):
        assert run_program(home, "ls.init(project='short').log({'x': 1})").wait(60) == 0
        assert start_service(home).wait(60) == 0
        (run,) = client.runs(project="short").runs
        assert (run.state, run.rows) == ("finished", 1)
    assert journal_files(home) == []


def test_processes_that_start_together_start_one_service_outside_of_their_process_trees(home: Path) -> None:
    variables = {
        **environment(),
        "LIGHTNING_SWEEPS_SERVICE": "process",
        "LIGHTNING_SWEEPS_URL": "http://127.0.0.1:1",
        "LIGHTNING_SWEEPS_TRIAL": "",
    }
    code = "import lightning_sweeps as ls, time; run = ls.init(); time.sleep(1); run.log({'x': 1})"
    programs = [
        subprocess.Popen([sys.executable, "-c", code], env=variables, stdin=subprocess.DEVNULL) for _ in range(6)
    ]
    wait_until(lambda: is_held(Home(home)), what="a service")
    state = Home(home).service_state(node_id())
    wait_until(state.exists, what="the service's state")
    pid = msgspec.json.decode(state.read_bytes())["pid"]
    service = psutil.Process(pid)
    try:
        assert service.ppid() not in {os.getpid(), *(program.pid for program in programs)}
        for program in programs:
            assert program.wait(60) == 0
        assert service.is_running(), "the service outlives the trainers"
        assert Home(home).service_log.read_text().count(" started") == 1
        assert len(journal_files(home)) >= 6
    finally:
        service.kill()
        wait_until(lambda: not is_held(Home(home)), what="the service's end")


@pytest.mark.fault
def test_the_service_ends_the_trial_of_a_killed_agent(home: Path) -> None:
    """The ranks of a torchrun trial have their own sessions, so only a process outside can end them all."""
    folder = Home(home).trial("t-1")
    folder.root.mkdir(parents=True)
    folder.parameters.write_text("{}")
    agent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
    trial = subprocess.Popen(
        ["bash", "-c", "setsid sleep 600 & setsid sleep 600 & wait"],
        env={**environment(), "LIGHTNING_SWEEPS_TRIAL": str(folder.parameters)},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )
    wait_until(lambda: len(psutil.Process(trial.pid).children(recursive=True)) == 2, what="the trial's processes")
    ranks = psutil.Process(trial.pid).children(recursive=True)
    agent_id, first = identify(agent.pid), identify(trial.pid)
    assert isinstance(agent_id, ProcessId)
    assert isinstance(first, ProcessId)
    folder.process.write_bytes(msgspec.json.encode(TrialProcess("t-1", agent_id, first, node_id())))
    with running_service(home, LIGHTNING_SWEEPS_URL="http://127.0.0.1:1"):
        started = time.monotonic()
        agent.kill()
        agent.wait()
        trial.wait(20)
        wait_until(lambda: not any(_is_running(rank) for rank in ranks), what="the end of the ranks")
        wait_until(lambda: not folder.process.exists(), what="the process file's end")
        assert time.monotonic() - started < 20


def _is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
