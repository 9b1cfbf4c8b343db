"""Programs that inherit a launcher's variables from another one have runs of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.core.settings import environment

LOG = "import lightning_sweeps as ls, subprocess, sys, json\nrun = ls.init(name='NAME'); run.log({'x': 1.0})\n"
PRINT = "print(json.dumps([run.id, run.rank, run.world_size, run.attempt]), flush=True)\n"
CHILD = "subprocess.run([sys.executable, '-c', CODE], check=True)\n"

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "f00d", "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29500",
}  # fmt: skip
SLURM = {
    "SLURM_JOB_ID": "77", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_LOCALID": "0",
    "SLURM_JOB_NAME": "train",
}  # fmt: skip
MPI = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "job-1"}


def run_program(code: str, variables: dict[str, str]) -> list[list[object]]:
    """Run a program and return what it and its children print."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**environment(), **variables}, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("variables", [TORCHRUN, SLURM, MPI], ids=["torchrun", "slurm", "mpi"])
def test_a_program_that_a_training_starts_is_rank_0_of_1_in_its_own_run(home: Path, variables: dict[str, str]) -> None:
    child = LOG.replace("NAME", "eval") + PRINT
    parent, evaluation = run_program(LOG + PRINT + CHILD.replace("CODE", repr(child)), variables)
    assert parent[2] == 2
    assert evaluation[1:3] == [0, 1]
    assert parent[0] != evaluation[0]


@pytest.mark.parametrize("variables", [SLURM, MPI], ids=["slurm", "mpi"])
def test_the_next_program_of_a_step_has_its_own_run_and_a_restart_has_the_same(
    home: Path, variables: dict[str, str]
) -> None:
    first, second = run_program(LOG + PRINT, variables)[0], run_program(LOG + PRINT, variables)[0]
    assert first[0] != second[0]
    assert first[1:3] == second[1:3], "it is the same rank of the same job"
    restarted = {**variables, "SLURM_RESTART_COUNT": "1"}
    again = [run_program(LOG + PRINT, restarted)[0][0] for _ in range(2)]
    assert again == [first[0], second[0]]


def test_all_ranks_of_the_next_program_are_in_one_group(home: Path) -> None:
    code = LOG + "print(json.dumps([run.group, run.rank]), flush=True)"
    groups = [[run_program(code, {**SLURM, "SLURM_PROCID": rank})[0] for rank in ("0", "1")] for _ in ("train", "eval")]
    (first, other), (second, third) = groups
    assert first[0] == other[0] != second[0] == third[0]


def test_a_forked_process_is_the_same_program(home: Path) -> None:
    code = LOG + "import os\nif os.fork() == 0:\n    run = ls.init(name='child')\nelse:\n    os.wait()\n" + PRINT
    child, parent = run_program(code, SLURM)
    assert parent[1:3] == child[1:3] == [0, 2]
