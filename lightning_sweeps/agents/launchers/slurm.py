"""Runs agents as Slurm jobs, submitted through submitit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, field_validator

from lightning_sweeps.agents.launchers.base import Job, JobState, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.options import LauncherOptions
from lightning_sweeps.agents.launchers.slurm_job import AgentJob
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import LaunchError, UsageError

TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
"""Slurm's formats: minutes, minutes:seconds, hours:minutes:seconds, days-hours, and so on."""

NOTICE_MARGIN_S = 30
"""Seconds between the end of a trial's grace period and the time limit of its job."""

REQUEUES = 1_000
"""How often a job may be queued again. The job ends when the sweep ends."""

ANSWER_S = 60
"""How long a Slurm command may take."""

PENDING = frozenset(
    {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "CONFIGURING", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
)
RUNNING = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"})
ENDED: dict[str, JobState] = {"COMPLETED": "finished", "CANCELLED": "cancelled"}
"""Slurm's job states (squeue(1), JOB STATE CODES). All others are failures."""


class SlurmOptions(LauncherOptions):
    """Options of the Slurm launcher."""

    partition: str | None = Field(default=None, description="Partition for the jobs (default: the cluster's).")
    max_jobs: int = Field(
        default=1, ge=1, description="Number of jobs, each with the agents of one machine (default: 1)."
    )
    time: str = Field(
        default="24:00:00",
        description="Time limit of a job: minutes, or [days-]hours:minutes:seconds (default: 24:00:00)."
        " A job that reaches it is queued again.",
    )
    sbatch: list[str] = Field(default=[], description="Further option of `sbatch`, name=value; may be repeated.")

    @field_validator("time")
    @classmethod
    def _check_time(cls, text: str) -> str:
        minutes(text)
        return text

    @field_validator("sbatch")
    @classmethod
    def _check_sbatch(cls, texts: list[str]) -> list[str]:
        for text in texts:
            if not text.partition("=")[0] or "=" not in text:
                raise UsageError(f"`--sbatch {text}` was given, allowed: name=value, for example `account=physics`")
        return texts


class SlurmLauncher(Launcher[SlurmOptions]):
    """Submits each machine's agents as a Slurm job. A job that reaches its time limit is queued again."""

    options_model = SlurmOptions

    @property
    def log_folder(self) -> Path:
        """The folder for the jobs' output."""
        return Home(self.settings.home).job_logs("slurm")

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit `max_jobs` jobs as one array.

        Raises:
            LaunchError: submitit or Slurm is not installed, or Slurm rejects the jobs.
        """
        try:
            import submitit
        except ImportError as error:
            raise LaunchError(
                "the launcher `slurm` needs submitit, which is not installed",
                hint='`pip install "lightning-sweeps[slurm]"`',
            ) from error
        parameters = job_parameters(spec, self.options)
        job = AgentJob(spec.command, str(spec.working_folder))
        try:
            executor = submitit.AutoExecutor(self.log_folder, cluster="slurm", slurm_max_num_timeout=REQUEUES)
            executor.update_parameters(**parameters)
            with executor.batch():
                jobs = [executor.submit(job) for _ in range(self.options.max_jobs)]
        except (RuntimeError, OSError) as error:
            raise LaunchError(f"Slurm rejects the jobs: {error}", hint="`sinfo` lists the partitions") from error
        return [str(job.job_id) for job in jobs]

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs from `squeue`. It no longer lists a job some minutes after its end."""
        listed = _run("squeue", "--me", "--array", "--states=all", "--noheader", "--format=%i|%T|%N")
        known = {}
        for line in listed.splitlines():
            job_id, state, host = line.strip().split("|")
            known[job_id] = Job(job_id, _state(state), host if state in RUNNING else "")
        return [known.get(job_id, Job(job_id, "unknown")) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Cancel the jobs with `scancel`. Their trials get SIGTERM and return to the sweep."""
        active = [job.id for job in self.jobs(job_ids) if job.state in ("pending", "running")]
        if active:
            _run("scancel", *active)

    def logs(self, job_id: str) -> str:
        """Return the job's output and errors from submitit's log files."""
        paths = sorted(self.log_folder.glob(f"{job_id}_*_log.*"))
        return "".join(path.read_text(errors="replace") for path in paths)


def job_parameters(spec: LaunchSpec, options: SlurmOptions) -> dict[str, object]:
    """Return submitit's parameters: one task on one machine, with the GPUs of its slots."""
    parameters: dict[str, object] = {
        "name": "lightning-sweeps",
        "nodes": 1,
        "tasks_per_node": 1,
        "timeout_min": minutes(options.time),
        "slurm_signal_delay_s": int(spec.options.grace_s) + NOTICE_MARGIN_S,
        "slurm_array_parallelism": options.max_jobs,
        "slurm_additional_parameters": {"requeue": True} | dict(text.split("=", 1) for text in options.sbatch),
    }
    if spec.gpus:
        parameters["slurm_gpus_per_node"] = spec.gpus
    if options.partition is not None:
        parameters["slurm_partition"] = options.partition
    return parameters


def minutes(text: str) -> int:
    """Return a time limit in whole minutes, rounded up.

    Raises:
        UsageError: the text is in none of Slurm's formats, or is 0.
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


def _state(name: str) -> JobState:
    if name in PENDING:
        return "pending"
    return "running" if name in RUNNING else ENDED.get(name, "failed")


def _run(*words: str) -> str:
    """Run one of Slurm's commands and return its output.

    Raises:
        LaunchError: the command is not installed, fails or does not answer.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=ANSWER_S, check=True)
    except FileNotFoundError as error:
        raise LaunchError(f"`{words[0]}` is not installed", hint="run this on a machine of the cluster") from error
    except subprocess.CalledProcessError as error:
        raise LaunchError(f"`{' '.join(words)}` failed: {error.stderr.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise LaunchError(f"`{' '.join(words)}` did not answer within {ANSWER_S} s") from error
    return done.stdout
