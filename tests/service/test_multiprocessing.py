"""The service in thread mode, `finish` with a timeout, and programs with many processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import NotFound
from tests.servers import running_server, wait_until
from tests.service.services import running_service
from tests.service.test_service import closed_run, sequences


def run_file(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program from a file, because child processes of multiprocessing import it again."""
    program = folder / "program.py"
    program.write_text(code)
    return subprocess.run(
        [sys.executable, str(program)],
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rows_of(client: Client, project: str) -> list[float | str]:
    """Return the values of `x` in the runs of a project. A run may exist before its first row."""
    rows: list[float | str] = []
    for run in client.runs(project=project).runs:
        with contextlib.suppress(NotFound):
            rows += [point.value for point in client.points(run.id, "x")]
    return sorted(rows)


def test_a_service_in_a_thread_uploads_everything_before_the_program_ends(home: Path, tmp_path: Path) -> None:
    with running_server(home) as (client, file):
        done = run_file(
            tmp_path,
            "import lightning_sweeps as ls\nrun = ls.init('thread')\nfor i in range(500): run.log({'x': i})\n"
            "ls.finish(timeout_s=20)\n",
            LIGHTNING_SWEEPS_SERVICE="thread",
            LIGHTNING_SWEEPS_URL=file.url,
            LIGHTNING_SWEEPS_API_KEY=file.token,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        (run,) = client.runs(project="thread").runs
        assert (run.state, run.rows) == ("finished", 500)


def test_finish_with_a_timeout_waits_until_the_server_has_everything(home: Path, tmp_path: Path) -> None:
    with running_server(home) as (client, _), running_service(home):
        done = run_file(
            tmp_path,
            "import lightning_sweeps as ls\nrun = ls.init('waits')\nfor i in range(500): run.log({'x': i})\n"
            "ls.finish(timeout_s=30)\n",
        )
        assert (done.returncode, done.stderr) == (0, "")
        (run,) = client.runs(project="waits").runs
        assert (run.state, run.rows) == ("finished", 500)


def test_finish_reports_what_is_not_uploaded_after_its_timeout(home: Path, tmp_path: Path) -> None:
    done = run_file(
        tmp_path, "import lightning_sweeps as ls\nls.init('late').log({'x': 1})\nls.finish(timeout_s=0.2)\n"
    )
    assert done.returncode == 0
    assert "of 1 journal on this machine are not on the server yet: no service uploads them" in done.stderr


POOL = """
import multiprocessing, os
import lightning_sweeps as ls

def work(number):
    run = ls.init("pool")
    run.log({"x": number})
    ls.finish()
    return number

if __name__ == "__main__":
    ls.require("service")
    ls.setup()
    with multiprocessing.Pool(processes=4) as pool:
        assert pool.map(work, range(4)) == list(range(4))
"""

SHARED = """
import multiprocessing
import lightning_sweeps as ls

def train(run):
    for number in range(10):
        run.log({"x": number})

if __name__ == "__main__":
    run = ls.init("shared")
    process = multiprocessing.get_context("spawn").Process(target=train, args=(run,))
    process.start()
    process.join()
    ls.finish()
"""


NESTED = """
import os
import lightning_sweeps as ls
run = ls.init("nested")
run.log({"x": 0})
child = os.fork()
if child == 0:
    run.log({"x": 1})
    grandchild = os.fork()
    if grandchild == 0:
        run.log({"x": 2})
        os._exit(0)
    os.waitpid(grandchild, 0)
    run.log({"x": 3})
    os._exit(0)
os.waitpid(child, 0)
run.log({"x": 4})
ls.finish()
"""

WORKERS = """
import torch
import lightning_sweeps as ls

class Numbers(torch.utils.data.Dataset):
    def __init__(self, run):
        self.run = run
    def __len__(self):
        return 8
    def __getitem__(self, index):
        self.run.log({"x": index})
        return index

if __name__ == "__main__":
    run = ls.init("workers")
    loader = torch.utils.data.DataLoader(Numbers(run), num_workers=2, batch_size=2)
    assert sorted(int(number) for batch in loader for number in batch) == list(range(8))
    ls.finish()
"""

PROGRAMS = [
    ("pool", POOL, 4, 4),
    ("shared", SHARED, 10, 1),
    ("nested", NESTED, 5, 1),
    ("workers", WORKERS, 8, 1),
]
"""Project, program, rows numbered from 0, runs."""


@pytest.mark.parametrize(("name", "code", "rows", "runs"), PROGRAMS, ids=[program[0] for program in PROGRAMS])
def test_programs_with_many_processes_and_the_two_examples_of_wandbs_docs(
    home: Path, tmp_path: Path, name: str, code: str, rows: int, runs: int
) -> None:
    with running_server(home) as (client, _), running_service(home):
        done = run_file(tmp_path, code)
        assert done.returncode == 0, done.stderr
        wait_until(lambda: rows_of(client, name) == list(range(rows)), what="the rows")
        assert len(client.runs(project=name).runs) == runs


def test_all_ranks_in_one_run_keep_their_rows_and_steps(home: Path, tmp_path: Path) -> None:
    with running_server(home) as (client, _), running_service(home):
        for rank in range(2):
            done = run_file(
                tmp_path,
                "import lightning_sweeps as ls\nrun = ls.init('one', mode='shared')\n"
                "for i in range(20): run.log({'x': 100 * run.rank + i}, step=i)\nls.finish()\n",
                RANK=str(rank),
                LOCAL_RANK=str(rank),
                WORLD_SIZE="2",
                TORCHELASTIC_RUN_ID="job",
            )
            assert done.returncode == 0, done.stderr
        wait_until(lambda: len(rows_of(client, "one")) == 40, what="all rows")
        (run,) = closed_run(client, "one")
        points = client.points(run.id, "x")
        for journal in {point.journal for point in points}:
            own = [point for point in points if point.journal == journal]
            assert sequences(own) == list(range(1, 21))
            assert [point.step for point in own] == list(range(20))
            assert len({int(float(point.value)) // 100 for point in own}) == 1
