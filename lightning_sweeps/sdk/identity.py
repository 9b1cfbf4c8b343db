"""Which rank of which job this process is: decided from the environment, without any collective.

`resolve_identity` is pure; the facts that it needs besides the environment come in as arguments.
`rank_zero_only.rank` of Lightning is never asked: it is 0 in every worker until a Trainer exists, and wrong in a
single-device process that inherits RANK from a launcher around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lightning_sweeps.core.handover import TrialFile

INTERACTIVE_SLURM_JOBS = frozenset({"bash", "interactive"})


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """An initialised default process group: `job` is what all its ranks agreed on through its store."""

    rank: int
    world_size: int
    job: str


@dataclass(frozen=True, slots=True)
class Place:
    """This process among the processes of its job; `launcher` says who told."""

    rank: int
    local_rank: int
    world_size: int
    node_rank: int
    launcher: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Place and job. Ranks with the same `job` belong together; `attempt` counts the job's restarts."""

    place: Place
    job: str
    attempt: int


def resolve_identity(
    environ: Mapping[str, str],
    *,
    fresh: str,
    parent: str,
    trial: TrialFile | None = None,
    process_group: ProcessGroup | None = None,
    carried: str | None = None,
) -> Identity:
    """Return this process's identity; the first source that knows wins.

    Args:
        environ: the environment of this process.
        fresh: the job's name where no launcher gives one: it names the process that the job began in.
        parent: names the parent process for ever (host, pid, start time): ranks of one torchrun on one node share it.
        trial: the agent's trial, when there is one.
        process_group: the default process group, when it is initialised.
        carried: the job that came with a pickled logger from the process that started this one.
    """
    place = find_place(environ, process_group)
    if trial is not None:
        return Identity(place, trial.id, trial.attempt)
    restarts = _number(environ, "TORCHELASTIC_RESTART_COUNT") or _number(environ, "SLURM_RESTART_COUNT") or 0
    job = carried or _launcher_job(environ, place, parent) or (process_group.job if process_group else fresh)
    return Identity(place, job, restarts)


def find_place(environ: Mapping[str, str], process_group: ProcessGroup | None) -> Place:
    """Return rank, local rank, world size and node rank, from the process group or from the launcher's variables."""
    local_rank = _local_rank(environ)
    node_rank = _number(environ, "GROUP_RANK") or _number(environ, "NODE_RANK") or _number(environ, "SLURM_NODEID") or 0
    if process_group is not None:
        return Place(process_group.rank, local_rank, process_group.world_size, node_rank, "process group")
    if environ.get("TORCHELASTIC_RUN_ID") and (found := _ranks(environ, "RANK", "WORLD_SIZE")):
        return Place(found[0], local_rank, found[1], node_rank, "torchrun")
    if _is_slurm_step(environ) and (found := _ranks(environ, "SLURM_PROCID", "SLURM_NTASKS")):
        return Place(found[0], local_rank, found[1], node_rank, "slurm")
    for launcher, rank, size in (
        ("lsf", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"),
        ("mpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        ("mpi", "PMI_RANK", "PMI_SIZE"),
        ("env", "RANK", "WORLD_SIZE"),
    ):
        if found := _ranks(environ, rank, size):
            return Place(found[0], local_rank, found[1], node_rank, launcher)
    world_size = _number(environ, "WORLD_SIZE")
    if "LOCAL_RANK" in environ and world_size:  # a child of Lightning's own launcher
        per_node = max(1, world_size // max(1, _number(environ, "NUM_NODES") or 1))
        return Place(node_rank * per_node + local_rank, local_rank, world_size, node_rank, "lightning")
    return Place(0, 0, 1, 0, "none")


def is_further_rank_of_parent(environ: Mapping[str, str]) -> bool:
    """Whether Lightning's own launcher started this process: rank 0 runs the script, then starts the others."""
    return (_number(environ, "LOCAL_RANK") or 0) > 0 and "WORLD_SIZE" in environ and "RANK" not in environ


def _launcher_job(environ: Mapping[str, str], place: Place, parent: str) -> str | None:
    """Return the name that the launcher gives the job on all its ranks, or None where it gives none that is unique."""
    run_id = environ.get("TORCHELASTIC_RUN_ID")
    if run_id and run_id != "none":  # a fixed --rdzv-id is used again by the next job: its port is not
        return f"torchrun:{run_id}:{environ.get('MASTER_ADDR', '')}:{environ.get('MASTER_PORT', '')}"
    if run_id and _number(environ, "GROUP_WORLD_SIZE") == 1:
        return f"torchrun:{parent}"
    if _is_slurm_step(environ):
        return f"slurm:{environ.get('SLURM_JOB_ID', '')}:{environ['SLURM_STEP_ID']}"
    if place.launcher == "lsf" and (job := environ.get("LSB_JOBID")):
        return f"lsf:{job}:{environ.get('JSM_NAMESPACE_ID', '')}"
    if place.launcher == "mpi" and (job := environ.get("PMIX_NAMESPACE") or environ.get("OMPI_MCA_ess_base_jobid")):
        return f"mpi:{job}"
    return None


def _is_slurm_step(environ: Mapping[str, str]) -> bool:
    """Whether this process is a task of a step of several: inside `srun`, not merely inside an allocation."""
    return (
        (_number(environ, "SLURM_NTASKS") or 1) > 1
        and "SLURM_PROCID" in environ
        and "SLURM_STEP_ID" in environ
        and environ.get("SLURM_JOB_NAME") not in INTERACTIVE_SLURM_JOBS
    )


def _local_rank(environ: Mapping[str, str]) -> int:
    names = ["LOCAL_RANK", "JSM_NAMESPACE_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"]
    if _is_slurm_step(environ):
        names.insert(0, "SLURM_LOCALID")
    return next((rank for name in names if (rank := _number(environ, name)) is not None), 0)


def _ranks(environ: Mapping[str, str], rank_name: str, size_name: str) -> tuple[int, int] | None:
    rank, size = _number(environ, rank_name), _number(environ, size_name)
    return None if rank is None or size is None or not rank < size else (rank, size)


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    return int(text) if text.isdecimal() else None
