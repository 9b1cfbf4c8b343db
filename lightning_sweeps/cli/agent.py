"""`lightning-sweeps agent`: run a sweep's trials on this machine."""

from __future__ import annotations

import typer

from lightning_sweeps.agents import machine
from lightning_sweeps.agents.launchers.slurm import DEFAULT_TIME, SlurmOptions, submit
from lightning_sweeps.agents.options import DEFAULT_DISK_FLOOR_GIB, DEFAULT_GRACE_S, AgentOptions
from lightning_sweeps.cli.agent_options import (
    Address,
    Cold,
    Count,
    DiskFloorGib,
    GpuMemoryFloorGib,
    Gpus,
    GpusPerTrial,
    GraceS,
    IdleTimeout,
    MaxQuickFailures,
    ProcessesPerTrial,
    Quiet,
    Slots,
)
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def agent(
    sweep: str = typer.Argument(..., metavar="SWEEP_ID", help="The sweep, as `lightning-sweeps sweep` printed it."),
    count: Count = None,
    gpus: Gpus = None,
    gpus_per_trial: GpusPerTrial = None,
    processes_per_trial: ProcessesPerTrial = None,
    slots: Slots = None,
    cold: Cold = False,
    quiet: Quiet = False,
    idle_timeout: IdleTimeout = None,
    grace_s: GraceS = DEFAULT_GRACE_S,
    gpu_memory_floor_gib: GpuMemoryFloorGib = 0.0,
    disk_floor_gib: DiskFloorGib = DEFAULT_DISK_FLOOR_GIB,
    max_quick_failures: MaxQuickFailures = None,
    address: Address = None,
    slurm: bool = typer.Option(False, "--slurm", help="Submit the agents as Slurm jobs instead of running them here."),
    partition: str | None = typer.Option(None, "--partition", help="With --slurm: the partition."),
    max_jobs: int = typer.Option(1, "--max-jobs", help="With --slurm: jobs at once, each on one machine."),
    time: str = typer.Option(
        DEFAULT_TIME, "--time", help="With --slurm: a job's time limit; it is queued again when it is reached."
    ),
    sbatch: list[str] = typer.Option(  # noqa: B008 - typer's own way
        (), "--sbatch", help="With --slurm: a further option of sbatch, name=value; may be repeated."
    ),
) -> None:
    """Run trials until the sweep is finished: all GPUs of this machine, one agent each.

    Start it in the folder of the training program. Ctrl-C once: finish the running trials and take no more; twice: end
    them; three times: kill them.

    Examples:

      lightning-sweeps agent 1a2b3c4d5e

      lightning-sweeps agent 1a2b3c4d5e --gpus-per-trial 2

      lightning-sweeps agent 1a2b3c4d5e --slots 2 --count 10

      lightning-sweeps agent 1a2b3c4d5e --slurm --partition gpu --gpus-per-trial 2 --max-jobs 8 --time 12:00:00
    """
    options = AgentOptions(
        count=count,
        gpus=gpus,
        gpus_per_trial=gpus_per_trial,
        processes_per_trial=processes_per_trial,
        slots=slots,
        cold=cold,
        quiet=quiet,
        idle_timeout=idle_timeout,
        grace_s=grace_s,
        gpu_memory_floor_gib=gpu_memory_floor_gib,
        disk_floor_gib=disk_floor_gib,
        max_quick_failures=max_quick_failures,
        address=address,
    )
    if not slurm:
        if partition is not None or max_jobs != 1 or time != DEFAULT_TIME or sbatch:
            raise UsageError("`--partition`, `--max-jobs`, `--time` or `--sbatch` was given without `--slurm`")
        raise typer.Exit(machine.run(sweep, options))
    settings = read_settings()
    jobs = submit(sweep, options, SlurmOptions(partition, max_jobs, time, sbatch), settings=settings)
    typer.echo(f"Submitted {', '.join(jobs)}; what they print: {Home(settings.home).slurm_logs}")
