"""Samples of the processes of runs: real programs with a real service and server, and simulated GPUs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import write_whole
from lightning_sweeps.service.processes import RunProcesses, RunRank, UsageTotals, find_run_processes, gpu_shares, rates
from lightning_sweeps.system.gpus import GpuSample
from lightning_sweeps.system.node import node_id
from tests.fakes.gpus import GIB, fake_nvml_environment
from tests.servers import running_server, wait_until
from tests.service.services import run_program, running_service

MIB = 1024**2
WAIT = "sys.stdin.read()"
"""Wait until the test closes standard input."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A service with two simulated GPUs; the file `held` lists their processes."""

    home: Path
    client: Client
    held: Path

    def run(self, project: str, name: str = "") -> str:
        """Wait for a run of the project (with this name) and return its id."""

        def found() -> list[str]:
            return [run.id for run in self.client.runs(project=project).runs if run.name == name or not name]

        wait_until(lambda: bool(found()), what=f"a run of `{project}`")
        return found()[0]

    def hold(self, held: dict[int, dict[int, int]]) -> None:
        """Set the GPU memory of processes, in one write, because the service may read at any time."""
        write_whole(self.held, json.dumps(held).encode())

    def counts(self, run: str) -> dict[str, int]:
        return {info.key: info.count for info in self.client.keys(f"process:{run}")}

    def last(self, run: str) -> dict[str, float]:
        return {info.key: float(info.last or 0) for info in self.client.keys(f"process:{run}")}

    def wait_for(self, run: str, **expected: float) -> None:
        """Wait until the newest sample has these values; `__` stands for a dot."""
        wanted = {key.replace("__", "."): value for key, value in expected.items()}
        wait_until(lambda: wanted.items() <= self.last(run).items(), what=f"{wanted} of {run}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    variables = fake_nvml_environment(gpus=2, processes_file=folder / "held.json")
    own = {name: variables[name] for name in ("FAKE_NVML", "PYTHONPATH")}
    with running_server(folder / "home") as (client, _), running_service(folder / "home", **own):
        yield Machine(folder / "home", client, folder / "held.json")


def test_a_run_is_sampled_with_its_workers_separately_from_its_own_metrics(machine: Machine, tmp_path: Path) -> None:
    workers = "children = [subprocess.Popen(['sleep', '600']) for _ in range(2)]"
    burn = "children.append(subprocess.Popen([sys.executable, '-c', 'while True: pass']))"
    code = f"""
import subprocess
run = ls.init(project='workers', config=dict(lr=1))
held = b'x' * {200 * MIB}
{workers}; {burn}
run.log(dict(loss=0.5), step=1)
{WAIT}
for child in children: child.kill()
"""
    with run_program(machine.home, code, stdin=-1) as program:
        machine.hold({1: {program.pid: 3 * GIB}})
        run = machine.run("workers")
        machine.wait_for(run, children=3, gpu__1__memory_used_bytes=3 * GIB, gpu__1__utilization_percent=60)
        wait_until(lambda: machine.last(run).get("cpu.percent", 0) > 0, what="the processor time of a worker")
        program.communicate()
    machine.hold({})
    most = {info.key: info.maximum or 0 for info in machine.client.keys(f"process:{run}")}
    assert 200 * MIB < most["memory.rss_bytes"] < 2000 * MIB
    assert most["threads"] >= 4
    assert not any(key.startswith("gpu.0.") for key in machine.counts(run))
    wait_until(lambda: machine.client.run(run).state == "finished", what="the end of the run")
    ended = machine.client.run(run)
    assert (ended.rows, ended.summary) == (1, {"loss": 0.5})
    assert [info.key for info in machine.client.keys(run)] == ["loss"]
    assert not any(run in info.key for info in machine.client.keys(node_id()))


def test_every_rank_has_its_own_processes(machine: Machine) -> None:
    code = f"""
os.environ.update(RANK='0', WORLD_SIZE='2', LOCAL_RANK='0', TORCHELASTIC_RUN_ID='job-ranks')
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.environ.update(RANK='1', LOCAL_RANK='1')
    run = ls.init(project='ranks', name='one')
    run.log(dict(x=1), step=1)
    os.close(writer)
    os.read(reader, 1)
    os._exit(0)
run = ls.init(project='ranks', name='null')
run.log(dict(x=1), step=1)
{WAIT}
os.close(writer)
os.waitpid(child, 0)
"""
    with run_program(machine.home, code, stdin=-1) as program:
        wait_until(lambda: len(machine.client.runs(project="ranks").runs) == 2, what="both ranks")
        ranks = {run.rank: run.id for run in machine.client.runs(project="ranks").runs}
        for run in ranks.values():
            machine.wait_for(run, children=0, threads=1)
            wait_until(lambda run=run: "cpu.percent" in machine.counts(run), what="rates")  # type: ignore[misc]
        program.communicate()


def test_ranks_that_share_a_run_have_their_own_metrics(machine: Machine) -> None:
    code = f"""
os.environ.update(RANK=sys.argv[-1], WORLD_SIZE='2', LOCAL_RANK=sys.argv[-1], TORCHELASTIC_RUN_ID='job-shared')
run = ls.init(project='shared', mode='shared')
run.log(dict(x=1), step=1)
{WAIT}
"""
    start = [run_program(machine.home, f"sys.argv.append('{rank}')\n{code}", stdin=-1) for rank in (0, 1)]
    with start[0] as first, start[1] as second:
        run = machine.run("shared")
        keys = {f"rank.{rank}.{name}" for rank in (0, 1) for name in ("memory.rss_bytes", "threads", "children")}
        wait_until(lambda: keys <= machine.counts(run).keys(), what="both ranks")
        first.communicate()
        second.communicate()
    assert all(key.startswith("rank.") for key in machine.counts(run))


def test_a_finished_run_is_not_sampled_although_its_process_continues(machine: Machine) -> None:
    code = f"""
ls.init(project='one-by-one', name='first').log(dict(x=1), step=1)
ls.finish()
ls.init(project='one-by-one', name='second').log(dict(x=1), step=1)
{WAIT}
"""
    with run_program(machine.home, code, stdin=-1) as program:
        second = machine.run("one-by-one", "second")
        wait_until(lambda: machine.counts(second).get("threads", 0) >= 3, what="samples of the second run")
        assert machine.counts(machine.run("one-by-one", "first")).get("threads", 0) <= 1
        program.communicate()


def test_a_process_that_has_ended_is_no_longer_sampled(machine: Machine) -> None:
    """Two runs: one is killed and gets no more samples, the other continues."""
    with run_program(machine.home, f"ls.init(project='stays').log(dict(x=1), step=1)\n{WAIT}", stdin=-1) as stays:
        code = f"ls.init(project='goes').log(dict(x=1), step=1)\n{WAIT}"
        with run_program(machine.home, code, stdin=-1) as program:
            killed, other = machine.run("goes"), machine.run("stays")
            wait_until(lambda: machine.counts(killed).get("threads", 0) >= 2, what="samples of the first")
            program.kill()
        wait_until(lambda: machine.client.run(killed).state == "killed", what="the end of the first")
        counted, seen = machine.counts(killed)["threads"], machine.counts(other)["threads"]
        wait_until(lambda: machine.counts(other)["threads"] >= seen + 3, what="samples of the other")
        assert machine.counts(killed)["threads"] <= counted + 1  # a sample that was being uploaded
        stays.communicate()
    assert not psutil.pid_exists(program.pid)


ONE, TWO, THREE = RunRank("run-1"), RunRank("run-2"), RunRank("run-3", 1)
CHILDREN = {1: [10, 20, 99], 10: [11, 12], 12: [13], 20: [21, 30], 30: [31], 99: [100]}


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        ({}, {}),
        ({ONE: set()}, {}),
        ({ONE: {10}}, {ONE: ({10, 11, 12, 13}, set())}),
        ({ONE: {10}, TWO: {10}}, {ONE: ({10, 11, 12, 13}, set()), TWO: ({10, 11, 12, 13}, set())}),
        ({ONE: {20}, TWO: {30}}, {ONE: ({20, 21}, {30}), TWO: ({30, 31}, set())}),
        ({ONE: {20, 30}}, {ONE: ({20, 21, 30, 31}, set())}),
        ({ONE: {20, 31}, THREE: {30}}, {ONE: ({20, 21, 31}, {30}), THREE: ({30}, {31})}),
        ({ONE: {1}}, {ONE: ({1, 10, 11, 12, 13, 20, 21, 30, 31}, {99})}),
        ({ONE: {99}}, {ONE: ({99, 100}, set())}),
        ({ONE: {7}}, {ONE: ({7}, set())}),
    ],
)
def test_the_processes_of_runs(
    roots: dict[RunRank, set[int]], expected: dict[RunRank, tuple[set[int], set[int]]]
) -> None:
    """Process 99 is the service."""
    given = {run_rank: frozenset(own) for run_rank, own in roots.items()}
    found = find_run_processes(given, CHILDREN, is_left_out=lambda pid: pid == 99)
    assert {run_rank: (set(one.members), set(one.others)) for run_rank, one in found.items()} == expected


def totals(
    at: float, cpu_s: float, disk: tuple[int, int] | None, *, roots: int = 1, others: tuple[int, ...] = ()
) -> UsageTotals:
    return UsageTotals(at, RunProcesses(frozenset({roots}), frozenset({roots}), frozenset(others)), cpu_s, disk)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, totals(10, 5, (0, 0)), {}),
        (totals(10, 5, (0, 10)), totals(12, 8, (400, 10)), {"cpu": 150, "read": 200, "written": 0}),
        (totals(10, 5, None), totals(12, 8, (400, 10)), {"cpu": 150}),
        (totals(10, 5, (0, 0)), totals(12, 8, None), {"cpu": 150}),
        (totals(10, 5, (9, 9)), totals(12, 4, (8, 9)), {"written": 0}),
        (totals(10, 5, (0, 0)), totals(12, 8, (9, 9), roots=2), {}),
        (totals(10, 5, (0, 0), others=(7,)), totals(12, 8, (9, 9)), {}),
        (totals(10, 5, (0, 0), others=(7,)), totals(12, 6, (0, 0), others=(7,)), {"cpu": 50, "read": 0, "written": 0}),
    ],
)
def test_rates(before: UsageTotals | None, now: UsageTotals, expected: dict[str, float]) -> None:
    names = {"cpu": "cpu.percent", "read": "disk.read_bytes_per_s", "written": "disk.written_bytes_per_s"}
    assert rates(before, now) == {names[name]: value for name, value in expected.items()}


def gpu(
    index: int, processes: dict[int, int], percents: dict[int, float] | None, *, part: int | None = None
) -> GpuSample:
    return GpuSample(index, f"GPU-{index}", 50.0, GIB, GIB, None, None, None, None, processes, percents, part)


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        ([], {}),
        ([gpu(0, {}, None)], {}),
        ([gpu(0, {7: GIB}, {7: 90.0})], {}),
        ([gpu(0, {1: GIB, 2: GIB, 7: GIB}, {7: 90.0})], {"gpu.0.memory": 2 * GIB, "gpu.0.utilization": 0}),
        ([gpu(1, {1: GIB}, {1: 20.0})], {"gpu.1.memory": GIB, "gpu.1.utilization": 20}),
        ([gpu(1, {1: GIB, 2: 0}, {1: 80.0, 2: 40.0})], {"gpu.1.memory": GIB, "gpu.1.utilization": 100}),
        ([gpu(0, {1: GIB}, None, part=3)], {"gpu.0:3.memory": GIB}),
        ([gpu(0, {1: 0}, None)], {}),
        ([gpu(0, {}, {2: 5.0})], {"gpu.0.utilization": 5}),
    ],
)
def test_the_shares_of_gpus(gpus: list[GpuSample], expected: dict[str, float]) -> None:
    """Processes 1 and 2 belong to the run."""
    shares = gpu_shares(frozenset({1, 2}), gpus)
    short = {key.replace("_used_bytes", "").replace("_percent", ""): value for key, value in shares.items()}
    assert short == expected
