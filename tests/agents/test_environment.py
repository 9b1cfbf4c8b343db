"""A trial inherits the agent's environment without the variables of the launcher that started the agents."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lightning_sweeps.agents.launch.environment import trial_environment
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.system.gpus import Gpu, device_names

FILE = Path("/home/u/trials/t1/trial.json")
CPU = Slot(0)
GPUS = tuple(Gpu("nvidia", index, f"GPU-{index}-aa", "G", 80) for index in range(4))
PART = Gpu("nvidia", 0, "MIG-7", "G", 40, part=0)
LAUNCHERS = [
    "RANK",
    "LOCAL_RANK",
    "GROUP_RANK",
    "ROLE_RANK",
    "ROLE_NAME",
    "LOCAL_WORLD_SIZE",
    "WORLD_SIZE",
    "GROUP_WORLD_SIZE",
    "ROLE_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "NODE_RANK",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING",
    "STANDALONE_PORT",
    "PL_GLOBAL_SEED",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_USE_AGENT_STORE",
    "TORCHELASTIC_ERROR_FILE",
    "PET_MASTER_PORT",
    "PET_NNODES",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_NPROCS",
    "SLURM_STEP_ID",
    "SLURM_STEPID",
    "SLURM_STEP_NUM_TASKS",
    "SLURM_TASKS_PER_NODE",
    "SLURM_NTASKS_PER_NODE",
    "OMPI_COMM_WORLD_RANK",
    "PMI_RANK",
    "PMIX_RANK",
    "JSM_NAMESPACE_RANK",
]
ADDED = {"LIGHTNING_SWEEPS_TRIAL": str(FILE), "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_launchers_variables_never_reach_a_trial(name: str) -> None:
    path = f"/bin{os.pathsep}{Path(sys.executable).parent}"
    assert trial_environment({name: "1", "PATH": "/bin"}, slot=CPU, trial_file=FILE) == {"PATH": path, **ADDED}


@pytest.mark.parametrize(
    "name",
    ["SLURM_JOB_ID", "SLURM_CPUS_ON_NODE", "NCCL_DEBUG", "HF_HOME", "RANKING", "MY_RANK", "LIGHTNING_SWEEPS_HOME"],
)
def test_other_variables_are_inherited(name: str) -> None:
    assert trial_environment({name: "x"}, slot=CPU, trial_file=FILE) == {name: "x", **ADDED}


@pytest.mark.parametrize(
    ("parent", "launcher", "kept"),
    [
        ({"OMP_NUM_THREADS": "1"}, None, True),
        ({"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "2"}, None, False),
        ({"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "1"}, None, True),
        ({"OMP_NUM_THREADS": "4", "TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "2"}, None, True),
        ({"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "2"}, {}, False),
        (
            {"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "2"},
            {"OMP_NUM_THREADS": "1"},
            True,
        ),
    ],
)
def test_the_number_of_threads_is_removed_only_if_torchrun_set_it(
    parent: dict[str, str], launcher: dict[str, str] | None, kept: bool
) -> None:
    environment = trial_environment(parent, slot=CPU, trial_file=FILE, launcher=launcher)
    assert ("OMP_NUM_THREADS" in environment) == kept


def test_variables_only_for_torchrun_are_removed() -> None:
    environment = trial_environment({"LOGLEVEL": "ERROR"}, slot=CPU, trial_file=FILE, unset=["LOGLEVEL"])
    assert environment == ADDED


@pytest.mark.parametrize(
    ("parent", "slot", "expected"),
    [
        ({}, CPU, {}),
        ({"CUDA_VISIBLE_DEVICES": "0"}, CPU, {"CUDA_VISIBLE_DEVICES": "0"}),
        ({}, Slot(0, hidden_vendors=("nvidia",)), {"CUDA_VISIBLE_DEVICES": ""}),
        ({}, Slot(0, GPUS[2:]), {"CUDA_VISIBLE_DEVICES": "2,3", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}),
        ({"CUDA_VISIBLE_DEVICES": "3,2"}, Slot(0, GPUS[3:]), {"CUDA_VISIBLE_DEVICES": "3"}),
        ({"CUDA_VISIBLE_DEVICES": "GPU-3,GPU-2"}, Slot(1, GPUS[2:3]), {"CUDA_VISIBLE_DEVICES": "GPU-2-aa"}),
        ({"CUDA_VISIBLE_DEVICES": "MIG-7"}, Slot(0, (PART,)), {"CUDA_VISIBLE_DEVICES": "MIG-7"}),
        (
            {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"},
            Slot(0, GPUS[:1]),
            {"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": "FASTEST_FIRST"},
        ),
    ],
)
def test_gpus_are_named_in_the_style_of_the_parents_variable(
    parent: dict[str, str], slot: Slot, expected: dict[str, str]
) -> None:
    assert trial_environment(parent, slot=slot, trial_file=FILE) == {**ADDED, **expected}


def test_a_part_is_named_by_its_uuid() -> None:
    assert device_names([PART], {}) == ["MIG-7"]
    assert device_names(GPUS[:2], {"CUDA_VISIBLE_DEVICES": "0,1"}) == ["0", "1"]
