"""Builds a trial's environment: the agent's own, without the variables of the launcher that started the agent.

A trial that inherits the variables of torchrun, Slurm or MPI acts as a rank of the job that started the agents. Two
trials then join one process group and silently mix their gradients.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.system.gpus import environment_for

TRIAL_VARIABLE = PREFIX + "TRIAL"

LAUNCHER_VARIABLES = frozenset(
    {
        "RANK",
        "LOCAL_RANK",
        "GROUP_RANK",
        "ROLE_RANK",
        "ROLE_NAME",
        "NODE_RANK",
        "WORLD_SIZE",
        "LOCAL_WORLD_SIZE",
        "GROUP_WORLD_SIZE",
        "ROLE_WORLD_SIZE",
        "MASTER_ADDR",
        "MASTER_PORT",
        "STANDALONE_PORT",
        "TORCH_NCCL_ASYNC_ERROR_HANDLING",
        "PL_GLOBAL_SEED",
        "SLURM_PROCID",
        "SLURM_LOCALID",
        "SLURM_NODEID",
        "SLURM_NTASKS",
        "SLURM_NPROCS",
        "SLURM_NTASKS_PER_NODE",
        "SLURM_TASKS_PER_NODE",
        "SLURM_TASK_PID",
        "SLURM_GTIDS",
        "SLURM_LAUNCH_NODE_IPADDR",
        "SLURM_SRUN_COMM_HOST",
        "SLURM_SRUN_COMM_PORT",
    }
)
LAUNCHER_PREFIXES = ("TORCHELASTIC_", "PET_", "SLURM_STEP", "OMPI_", "PMI_", "PMIX_", "JSM_")

THREADS_VARIABLE = "OMP_NUM_THREADS"
TORCHRUN_PROCESSES_VARIABLE = "PET_NPROC_PER_NODE"


def trial_environment(
    parent: Mapping[str, str],
    *,
    slot: Slot,
    trial_file: Path,
    launcher: Mapping[str, str] | None = None,
    unset: Collection[str] = (),
) -> dict[str, str]:
    """Return the environment of a trial's first process.

    Args:
        parent: the agent's environment.
        slot: the slot whose GPUs the trial gets.
        trial_file: the file that describes the trial to its ranks.
        launcher: environment of the process that started the agent, if known. It shows what torchrun added.
        unset: variables that were set only for torchrun.
    """
    dropped = {*unset, *_added_threads(parent, launcher)}
    kept = {name: value for name, value in without_launcher(parent).items() if name not in dropped}
    kept[TRIAL_VARIABLE] = str(trial_file)
    kept.setdefault("PYTHONUNBUFFERED", "1")  # the last output of a killed trial must be in its log
    if "PATH" in kept:
        kept["PATH"] = search_path(kept)
    return kept | environment_for(slot.gpus, hidden_vendors=slot.hidden_vendors, parent=parent)


def search_path(environ: Mapping[str, str]) -> str:
    """Return where programs are searched: PATH, then beside the interpreter: its environment may not be active."""
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    beside = str(Path(sys.executable).parent)
    return os.pathsep.join(folders if beside in folders else [*folders, beside])


def without_launcher(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables that torchrun, Slurm or MPI set for this process."""
    return {name: value for name, value in environ.items() if not _is_launcher_variable(name)}


def is_under_torchrun(environ: Mapping[str, str]) -> bool:
    """Return whether torchrun started this process. Lightning reads the same variable."""
    return "TORCHELASTIC_RUN_ID" in environ


def _is_launcher_variable(name: str) -> bool:
    return name in LAUNCHER_VARIABLES or name.startswith(LAUNCHER_PREFIXES)


def _added_threads(parent: Mapping[str, str], launcher: Mapping[str, str] | None) -> set[str]:
    """Return `OMP_NUM_THREADS` if torchrun set it. It does so for several ranks, unless the user has set it."""
    if not is_under_torchrun(parent) or parent.get(THREADS_VARIABLE) is None:
        return set()
    if launcher is not None:
        return set() if THREADS_VARIABLE in launcher else {THREADS_VARIABLE}
    is_from_torchrun = parent[THREADS_VARIABLE] == "1" and parent.get("LOCAL_WORLD_SIZE", "1") != "1"
    return {THREADS_VARIABLE} if is_from_torchrun else set()
