"""Determines the job and the rank of this process, from the environment and without a collective.

`resolve_identity` is a pure function: what it needs besides the environment is passed as arguments. Lightning's
`rank_zero_only.rank` is not used. It is 0 in every worker until a Trainer exists, and wrong in a single-device process
that inherits RANK from an outer launcher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lightning_sweeps.core.handover import TrialFile

INTERACTIVE_SLURM_JOBS = frozenset({"bash", "interactive"})


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """An initialized default process group.

    Attributes:
        rank: the global rank.
        world_size: the number of processes.
        job: the name of the job. All ranks agree on it through the store of the group.
    """

    rank: int
    world_size: int
    job: str


@dataclass(frozen=True, slots=True)
class RankInfo:
    """The position of this process among the processes of its job.

    Attributes:
        rank: the global rank.
        local_rank: the rank on this node.
        world_size: the number of processes.
        node_rank: the number of this node.
        launcher: where the ranks come from, for example `torchrun`, `slurm` or `process group`; `none` for one process.
    """

    rank: int
    local_rank: int
    world_size: int
    node_rank: int
    launcher: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The rank and the job of a process.

    Attributes:
        rank_info: the position among the processes of the job.
        job: the name of the job, the same on all its ranks.
        attempt: number of earlier restarts of the job.
        is_launcher_job: whether the launcher names the job, so that all programs that it starts have the same name.
    """

    rank_info: RankInfo
    job: str
    attempt: int
    is_launcher_job: bool = field(default=False, compare=False)


def resolve_identity(
    environ: Mapping[str, str],
    *,
    fallback_job: str,
    parent: str,
    trial: TrialFile | None = None,
    process_group: ProcessGroup | None = None,
    inherited_job: str | None = None,
) -> Identity:
    """Return the identity of this process.

    The job comes from the first of: the trial, `inherited_job`, the launcher, the process group, `fallback_job`.

    Args:
        environ: the environment of this process.
        fallback_job: the job's name if no launcher provides one. It identifies the process in which the job began.
        parent: a unique name of the parent process (host, pid, start time), which all ranks of one torchrun on one node
            share.
        trial: the trial of the sweep, if there is one.
        process_group: the default process group, if it is initialized.
        inherited_job: the job of a logger that was pickled in the process that started this one.
    """
    rank_info = find_rank(environ, process_group)
    if trial is not None:
        return Identity(rank_info, trial.id, trial.attempt)
    attempt = _number(environ, "TORCHELASTIC_RESTART_COUNT") or _number(environ, "SLURM_RESTART_COUNT") or 0
    group_job = process_group.job if process_group else fallback_job
    launcher_job = None if inherited_job else _launcher_job(environ, rank_info, parent)
    return Identity(rank_info, inherited_job or launcher_job or group_job, attempt, launcher_job is not None)


def find_rank(environ: Mapping[str, str], process_group: ProcessGroup | None) -> RankInfo:
    """Return the rank of this process, from the process group or from the variables of the launcher."""
    local_rank = _local_rank(environ)
    node_ranks = [_number(environ, name) for name in ("GROUP_RANK", "NODE_RANK", "SLURM_NODEID")]
    node_rank = next((found for found in node_ranks if found is not None), 0)
    if process_group is not None:
        return RankInfo(process_group.rank, local_rank, process_group.world_size, node_rank, "process group")
    if environ.get("TORCHELASTIC_RUN_ID") and (found := _ranks(environ, "RANK", "WORLD_SIZE")):
        return RankInfo(found[0], local_rank, found[1], node_rank, "torchrun")
    if _is_slurm_step(environ) and (found := _ranks(environ, "SLURM_PROCID", "SLURM_NTASKS")):
        return RankInfo(found[0], local_rank, found[1], node_rank, "slurm")
    for launcher, rank, size in (
        ("lsf", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"),
        ("mpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        ("mpi", "PMI_RANK", "PMI_SIZE"),
        ("env", "RANK", "WORLD_SIZE"),
    ):
        if found := _ranks(environ, rank, size):
            return RankInfo(found[0], local_rank, found[1], node_rank, launcher)
    world_size = _number(environ, "WORLD_SIZE")
    if "LOCAL_RANK" in environ and world_size:  # started by Lightning's own launcher
        per_node = max(1, world_size // max(1, _number(environ, "NUM_NODES") or 1))
        return RankInfo(node_rank * per_node + local_rank, local_rank, world_size, node_rank, "lightning")
    return RankInfo(0, 0, 1, 0, "none")


def is_started_by_lightning(environ: Mapping[str, str]) -> bool:
    """Return whether Lightning's own launcher started this process. Rank 0 runs the script, then starts the others."""
    return (_number(environ, "LOCAL_RANK") or 0) > 0 and "WORLD_SIZE" in environ and "RANK" not in environ


def _launcher_job(environ: Mapping[str, str], rank_info: RankInfo, parent: str) -> str | None:
    """Return the job's name from the launcher, the same on all ranks, or None if the launcher has no unique name."""
    run_id = environ.get("TORCHELASTIC_RUN_ID")
    if run_id and run_id != "none":  # the next job may reuse a fixed --rdzv-id, but not the port
        return f"torchrun:{run_id}:{environ.get('MASTER_ADDR', '')}:{environ.get('MASTER_PORT', '')}"
    if run_id and _number(environ, "GROUP_WORLD_SIZE") == 1:
        return f"torchrun:{parent}"
    if _is_slurm_step(environ):
        return f"slurm:{environ.get('SLURM_JOB_ID', '')}:{environ['SLURM_STEP_ID']}"
    if rank_info.launcher == "lsf" and (job := environ.get("LSB_JOBID")):
        return f"lsf:{job}:{environ.get('JSM_NAMESPACE_ID', '')}"
    if rank_info.launcher == "mpi" and (job := environ.get("PMIX_NAMESPACE") or environ.get("OMPI_MCA_ess_base_jobid")):
        return f"mpi:{job}"
    return None


def _is_slurm_step(environ: Mapping[str, str]) -> bool:
    """Return whether this process is one of several tasks of `srun`, not merely inside an allocation."""
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
