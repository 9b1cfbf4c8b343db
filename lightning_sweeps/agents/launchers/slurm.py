"""Runs agents as Slurm jobs, submitted through submitit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, field_validator

from lightning_sweeps.agents.launchers.base import Job, JobState, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.agents.launchers.slurm_job import AgentJob
from lightning_sweeps.agents.launchers.time_limits import NOTICE_MARGIN_S, minutes
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import LaunchError, UsageError

REQUEUES = 1_000
"""How often a job may be queued again. The job ends when the sweep ends."""

PENDING = frozenset(
    {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "CONFIGURING", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
)
RUNNING = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"})
ENDED: dict[str, JobState] = {"COMPLETED": "finished", "CANCELLED": "cancelled"}
"""Slurm's job states (squeue(1), JOB STATE CODES). All others are failures."""


class SlurmOptions(LauncherOptions):
    """Options of the Slurm launcher."""

    partition: str | None = Field(
        default=None,
        description="Partition for the jobs, or several with commas between (default: the cluster's).",
        json_schema_extra=IN_SWEEP_FILE,
    )
    time: str = Field(
        default="24:00:00",
        json_schema_extra=IN_SWEEP_FILE,
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
    assigns_gpus = True
    requeues = True

    @property
    def log_folder(self) -> Path:
        """The folder for the jobs' output."""
        return Home(self.settings.home).job_logs("slurm")

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit the jobs as one array.

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
                jobs = [executor.submit(job) for _ in range(spec.jobs)]
        except (RuntimeError, OSError) as error:
            raise LaunchError(f"Slurm rejects the jobs: {error}", hint="`sinfo` lists the partitions") from error
        return [str(job.job_id) for job in jobs]

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs from `squeue`. It no longer lists a job some minutes after its end."""
        listed = run_command("squeue", "--me", "--array", "--states=all", "--noheader", "--format=%i|%T|%N|%r")
        known = {}
        for line in listed.splitlines():
            job_id, state, host, reason = line.strip().split("|", 3)
            said = reason.removeprefix("None")
            known[job_id] = Job(job_id, _state(state), host if state in RUNNING else "", said)
        return [known.get(job_id, Job(job_id, "unknown")) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Cancel the jobs with `scancel`. Their trials get SIGTERM and return to the sweep."""
        active = [job.id for job in self.jobs(job_ids) if job.is_active]
        if active:
            run_command("scancel", *active)

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
        "slurm_array_parallelism": spec.jobs,
        "slurm_additional_parameters": {"requeue": True} | dict(text.split("=", 1) for text in options.sbatch),
    }
    if spec.gpus:
        parameters["slurm_gpus_per_node"] = spec.gpus
    if options.partition is not None:
        parameters["slurm_partition"] = options.partition
    return parameters


def _state(name: str) -> JobState:
    if name in PENDING:
        return "pending"
    return "running" if name in RUNNING else ENDED.get(name, "failed")
