"""Describes the run of a process: its id, its names and its rank."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.names import checked_name
from lightning_sweeps.core.settings import Settings, environment
from lightning_sweeps.journal.records import LoggerMode, RunInfo
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.trial import Trial
from lightning_sweeps.system.gpus import visible_names


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a program says about a run, in the types that a record has. `init` and `SweepLogger` make it.

    Attributes:
        project, name, group: None for the default.
        mode: which ranks have a run.
        config: the configuration.
        tags: labels; None for the default.
        notes: free text; None for the default.
        job_type: the role of the process.
        run_id: the id of rank 0's run. None: derived from the job.
        is_offline: whether rows stay in the journals until `lightning-sweeps sync`. None: as in the settings.
        is_disabled: whether nothing is written. None: as in the settings.
    """

    project: str | None = None
    name: str | None = None
    group: str | None = None
    mode: LoggerMode = "single"
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] | None = None
    notes: str | None = None
    job_type: str = ""
    run_id: str | None = None
    is_offline: bool | None = None
    is_disabled: bool | None = None


def derive_run_id(identity: Identity, *, number: int, rank: int) -> str:
    """Return the id of the run that rank `rank` of this job has for its logger `number`."""
    return derive_id(identity.job, number, rank, prefix="r-")


def describe_run(
    identity: Identity,
    options: RunOptions,
    *,
    number: int,
    settings: Settings,
    trial: Trial | None,
    resumed_step: int | None = None,
) -> RunInfo:
    """Return the description of the run. Its id is derived from job and rank, so a restarted rank continues its run.

    Only in mode `grouped` do ranks have different runs. In mode `single` the other ranks describe the run of rank 0.

    Raises:
        UsageError: the name of the project is not allowed.
    """
    rank_info = identity.rank_info
    is_own = options.mode == "grouped"
    if options.run_id is None:
        run_id = derive_run_id(identity, number=number, rank=rank_info.rank if is_own else 0)
    else:
        run_id = options.run_id + (f"-rank{rank_info.rank}" if is_own and rank_info.rank else "")
    group = options.group or settings.group or (trial.id if trial else derive_id(identity.job, number, prefix="g-"))
    default_name = settings.name or (f"{trial.sweep_name}-{trial.number}" if trial else f"run-{group[-4:]}")
    suffix = f"-rank{rank_info.rank}" if is_own and rank_info.world_size > 1 else ""
    default_project = trial.project if trial else settings.project
    return RunInfo(
        id=run_id,
        project=checked_name(options.project or default_project, what="project"),
        name=(options.name or default_name) + suffix,
        group=group,
        rank=rank_info.rank,
        local_rank=rank_info.local_rank,
        world_size=rank_info.world_size,
        node_rank=rank_info.node_rank,
        attempt=identity.attempt,
        mode=options.mode,
        job_type=options.job_type,
        config={**options.config, **(trial.params if trial else {})},
        tags=list(settings.tags if options.tags is None else options.tags),
        notes=settings.notes if options.notes is None else options.notes,
        sweep=trial.sweep if trial else None,
        trial=trial.id if trial else None,
        gpus=_own_gpus(rank_info.local_rank, trial),
        resumed_step=resumed_step,
    )


def _own_gpus(local_rank: int, trial: Trial | None) -> list[str]:
    """Return the GPU of this rank as the vendor's visibility variable names it. Each local rank uses one."""
    visible = trial.gpus if trial else visible_names(environment())
    return visible[local_rank : local_rank + 1]
