"""The environment that a trial starts with: the agent's own, without anything that its launcher put there.

Why so strict: a trial that inherits torchrun's, Slurm's or MPI's variables believes it is a rank of the job that
started the agents, and two trials then join one process group and mix their gradients, silently.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.system.gpus import Gpu

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
DEVICES_VARIABLE = "CUDA_VISIBLE_DEVICES"
DEVICE_ORDER_VARIABLE = "CUDA_DEVICE_ORDER"


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
        launcher: that of the process which started the agent, where it is known: what torchrun added by itself goes.
        unset: variables that the tuner set for its launcher alone.
    """
    dropped = {*unset, *_added_threads(parent, launcher)}
    kept = {name: value for name, value in parent.items() if name not in dropped and not _is_launchers(name)}
    kept[TRIAL_VARIABLE] = str(trial_file)
    kept.setdefault("PYTHONUNBUFFERED", "1")  # what a killed trial printed last must be in its log
    return kept | _devices(parent, slot)


def device_names(gpus: Collection[Gpu], cuda_visible_devices: str | None) -> list[str]:
    """Return the GPUs as `CUDA_VISIBLE_DEVICES` names them, in the way in which the parent's value names them."""
    by_uuid = (cuda_visible_devices or "").strip().startswith(("GPU-", "MIG-"))
    return [gpu.uuid if by_uuid or gpu.is_part else str(gpu.index) for gpu in gpus]


def without_launcher(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what torchrun, Slurm or MPI said about this very process."""
    return {name: value for name, value in environ.items() if not _is_launchers(name)}


def is_under_torchrun(environ: Mapping[str, str]) -> bool:
    """Tell whether torchrun started this process (Lightning tells it by the same variable)."""
    return "TORCHELASTIC_RUN_ID" in environ


def _is_launchers(name: str) -> bool:
    return name in LAUNCHER_VARIABLES or name.startswith(LAUNCHER_PREFIXES)


def _added_threads(parent: Mapping[str, str], launcher: Mapping[str, str] | None) -> set[str]:
    """Name `OMP_NUM_THREADS` where torchrun set it: to 1, for several ranks, and where nobody had said anything."""
    if not is_under_torchrun(parent) or parent.get(THREADS_VARIABLE) is None:
        return set()
    if launcher is not None:
        return set() if THREADS_VARIABLE in launcher else {THREADS_VARIABLE}
    is_torchruns = parent[THREADS_VARIABLE] == "1" and parent.get("LOCAL_WORLD_SIZE", "1") != "1"
    return {THREADS_VARIABLE} if is_torchruns else set()


def _devices(parent: Mapping[str, str], slot: Slot) -> dict[str, str]:
    if slot.hides_gpus:
        return {DEVICES_VARIABLE: ""}
    if not slot.gpus:
        return {}  # no GPU that NVML knows: what the parent says of devices stands
    names = device_names(slot.gpus, parent.get(DEVICES_VARIABLE))
    added = {DEVICES_VARIABLE: ",".join(names)}
    if DEVICES_VARIABLE not in parent and DEVICE_ORDER_VARIABLE not in parent:
        added[DEVICE_ORDER_VARIABLE] = "PCI_BUS_ID"  # CUDA counts the fastest first unless told; NVML counts the bus
    return added
