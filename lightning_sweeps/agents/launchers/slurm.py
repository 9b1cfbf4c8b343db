"""`lightning-sweeps agent SWEEP_ID --slurm`: agents as Slurm jobs, submitted through submitit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.agents.launchers.slurm_job import AgentJob
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LaunchError, UsageError

TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
"""Slurm's own forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours, and so on."""

DEFAULT_TIME = "24:00:00"

NOTICE_MARGIN_S = 30
"""How long before Slurm's end of a job its trial has ended, after the grace for its checkpoint."""

REQUEUES = 1_000
"""How often a job may reach its time limit; the sweep's end is what ends it."""


@dataclass(frozen=True, slots=True)
class SlurmOptions:
    """What the jobs ask Slurm for.

    Attributes:
        partition: None for the cluster's default.
        max_jobs: jobs at once, each with the agents of one machine.
        time: a job's limit in Slurm's forms, `120` for minutes or `1-12:00:00`; it is queued again when it is reached.
        more: further options of `sbatch`, each `name=value`.
    """

    partition: str | None = None
    max_jobs: int = 1
    time: str = DEFAULT_TIME
    more: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.max_jobs < 1:
            raise UsageError(f"`--max-jobs {self.max_jobs}` was given, allowed: 1 or more")
        for text in self.more:
            if not text.partition("=")[0] or "=" not in text:
                raise UsageError(f"`--sbatch {text}` was given, allowed: name=value, for example `account=physics`")


def submit(sweep_id: str, options: AgentOptions, slurm: SlurmOptions, *, settings: Settings) -> list[str]:
    """Submit the jobs and return their ids.

    Raises:
        UsageError: an option is wrong, or the server is one that jobs on other machines cannot reach.
        LaunchError: submitit or Slurm is not here, or Slurm refuses.
    """
    try:
        import submitit
    except ImportError as error:
        raise LaunchError(
            "`--slurm` needs submitit, which is not installed", hint='`pip install "lightning-sweeps[slurm]"`'
        ) from error
    if not settings.url:
        raise UsageError(
            "`--slurm` was given without a server that the cluster's machines can reach",
            hint="start one with `lightning-sweeps server --host 0.0.0.0` and set `LIGHTNING_SWEEPS_URL` and"
            " `LIGHTNING_SWEEPS_API_KEY`",
        )
    log_folder = Home(settings.home).slurm_logs
    parameters = job_parameters(options, slurm)
    job = AgentJob(sweep_id, options.to_argv(), str(Path.cwd()))
    try:
        executor = submitit.AutoExecutor(log_folder, cluster="slurm", slurm_max_num_timeout=REQUEUES)
        executor.update_parameters(**parameters)
        with executor.batch():
            jobs = [executor.submit(job) for _ in range(slurm.max_jobs)]
    except (RuntimeError, OSError) as error:
        raise LaunchError(f"Slurm takes no job: {error}", hint="`sinfo` shows its partitions") from error
    return [str(job.job_id) for job in jobs]


def job_parameters(options: AgentOptions, slurm: SlurmOptions) -> dict[str, object]:
    """Return what submitit is told: one task on one machine, with the GPUs of the slots that were asked for."""
    gpus = (1 if options.gpus_per_trial is None else options.gpus_per_trial) * (options.slots or 1)
    parameters: dict[str, object] = {
        "name": "lightning-sweeps",
        "nodes": 1,
        "tasks_per_node": 1,
        "timeout_min": minutes(slurm.time),
        "slurm_signal_delay_s": int(options.grace_s) + NOTICE_MARGIN_S,
        "slurm_array_parallelism": slurm.max_jobs,
        "slurm_additional_parameters": {"requeue": True} | dict(text.split("=", 1) for text in slurm.more),
    }
    if gpus and options.gpus != "none":
        parameters["slurm_gpus_per_node"] = gpus
    if slurm.partition is not None:
        parameters["slurm_partition"] = slurm.partition
    return parameters


def minutes(text: str) -> int:
    """Return a time limit in whole minutes, rounded up.

    Raises:
        UsageError: it has none of Slurm's forms.
    """
    found = TIME.fullmatch(text)
    if found is None:
        raise UsageError(f"`--time {text}` was given, allowed: minutes, or [days-]hours:minutes:seconds")
    numbers = [int(found[name]) for name in ("first", "second", "third") if found[name] is not None]
    if found["days"] is not None:
        hours, of_hour, of_minute = [*numbers, 0, 0][:3]
        seconds = int(found["days"]) * 86_400 + hours * 3_600 + of_hour * 60 + of_minute
    elif len(numbers) == 3:
        seconds = numbers[0] * 3_600 + numbers[1] * 60 + numbers[2]
    else:
        seconds = numbers[0] * 60 + (numbers[1] if len(numbers) == 2 else 0)
    if not seconds:
        raise UsageError(f"`--time {text}` was given, allowed: more than 0")
    return -(-seconds // 60)
