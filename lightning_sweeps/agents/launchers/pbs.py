"""Runs agents as jobs of PBS (OpenPBS, PBS Professional)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, JobState, LaunchSpec
from lightning_sweeps.agents.launchers.batch import JOB_NAME, BatchLauncher, QueueOptions, further_words
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.job_process import JobFolder
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE
from lightning_sweeps.agents.launchers.time_limits import TimeLimit

PENDING = frozenset("QHWT")
ENDED = frozenset("FXM")
"""Codes of `job_state` (qstat(1B)). All others are of jobs that run, are suspended or are about to end."""


class PbsOptions(QueueOptions):
    """Options of the PBS launcher."""

    time: TimeLimit | None = Field(
        default=None,
        description="Time limit of a job: minutes, or [days-]hours:minutes:seconds (default: the queue's).",
        json_schema_extra=IN_SWEEP_FILE,
    )
    cpus: int = Field(default=1, ge=1, description="CPUs of a job (default: 1).", json_schema_extra=IN_SWEEP_FILE)
    memory: str | None = Field(
        default=None, description="Memory of a job, for example 16gb.", json_schema_extra=IN_SWEEP_FILE
    )
    gpu_resource: str = Field(
        default="ngpus", description="Name of the resource that counts a machine's GPUs (default: ngpus)."
    )
    qsub: list[str] = Field(
        default=[], description="Further option of `qsub`, name=value, for example A=physics; may be repeated."
    )


class PbsLauncher(BatchLauncher[PbsOptions]):
    """Submits each machine's agents as a job with `qsub`. A job that PBS preempts is queued again."""

    name = "pbs"
    options_model = PbsOptions
    assigns_gpus = True
    requeues = True

    def submit_job(self, words: list[str], folder: JobFolder, spec: LaunchSpec) -> str:
        """Submit one job.

        Raises:
            LaunchError: PBS rejects it, or is not installed.
        """
        return run_command("qsub", *submit_words(self.options, folder, spec), "--", *words).strip()

    def list_jobs(self) -> dict[str, Job]:
        """Return the jobs from `qstat`."""
        return {job.id: job for job in parse_jobs(run_command("qstat", "-f", "-F", "json"))}

    def delete_jobs(self, job_ids: Sequence[str]) -> None:
        """Delete the jobs with `qdel`. They get SIGTERM, and are killed after the queue's `kill_delay`."""
        run_command("qdel", *job_ids)


def submit_words(options: PbsOptions, folder: JobFolder, spec: LaunchSpec) -> list[str]:
    """Return the options of `qsub` for one job: one chunk on one machine."""
    chunk = ["select=1", f"ncpus={options.cpus}"]
    chunk += [f"{options.gpu_resource}={spec.gpus}"] if spec.gpus else []
    chunk += [f"mem={options.memory}"] if options.memory else []
    words = ["-N", JOB_NAME, "-r", "y", "-j", "oe", "-o", str(folder.scheduler_output), "-l", ":".join(chunk)]
    words += ["-l", f"walltime={options.time * 60}"] if options.time else []
    words += options.queue_words
    return words + further_words(options.qsub)


def parse_jobs(text: str) -> Iterator[Job]:
    """Yield the jobs in the JSON of `qstat` that have not ended."""
    found: dict[str, dict[str, Any]] = msgspec.json.decode(text or "{}").get("Jobs", {})
    for job_id, job in found.items():
        code = job["job_state"]
        if code not in ENDED:
            state: JobState = "pending" if code in PENDING else "running"
            host = str(job.get("exec_host", "")).partition("/")[0]
            comment = str(job.get("comment", "")) if state == "pending" else ""
            yield Job(job_id, state, host if state == "running" else "", comment)
