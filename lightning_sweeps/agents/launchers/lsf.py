"""Runs agents as jobs of LSF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, LaunchSpec
from lightning_sweeps.agents.launchers.batch import JOB_NAME, BatchLauncher, QueueOptions, further_words
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.job_process import JobFolder
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE
from lightning_sweeps.agents.launchers.time_limits import NOTICE_MARGIN_S, TimeLimit
from lightning_sweeps.errors import LaunchError

REQUEUE_STATUS = 99
PENDING = frozenset({"PEND", "PSUSP", "WAIT", "PROV"})
ENDED = frozenset({"DONE", "EXIT"})
"""States of `bjobs` (bjobs(1)). All others are of jobs that run or are suspended."""

FORMAT = "jobid stat exec_host pend_reason delimiter='|'"
SUBMITTED = re.compile(r"^Job <(\d+)> is submitted", re.MULTILINE)


class LsfOptions(QueueOptions):
    """Options of the LSF launcher."""

    time: TimeLimit | None = Field(
        default=None,
        description="Time limit of a job: minutes, or [days-]hours:minutes:seconds (default: the queue's)."
        " A job that reaches it is queued again.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    cpus: int = Field(default=1, ge=1, description="CPUs of a job (default: 1).", json_schema_extra=IN_SWEEP_FILE)
    gpu: str | None = Field(
        default=None,
        description="What `bsub -gpu` gets besides the number, for example gmodel=A100.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    bsub: list[str] = Field(
        default=[], description="Further option of `bsub`, name=value, for example P=physics; may be repeated."
    )


class LsfLauncher(BatchLauncher[LsfOptions]):
    """Submits each machine's agents as a job with `bsub`."""

    name = "lsf"
    options_model = LsfOptions
    assigns_gpus = True
    requeues = True
    requeue_status = REQUEUE_STATUS

    def submit_job(self, words: list[str], folder: JobFolder, spec: LaunchSpec) -> str:
        """Submit one job.

        Raises:
            LaunchError: LSF rejects it, or is not installed.
        """
        return parse_submission(run_command("bsub", *submit_words(self.options, folder, spec), *words))

    def list_jobs(self) -> dict[str, Job]:
        """Return the jobs from `bjobs`."""
        return {job.id: job for job in parse_jobs(run_command("bjobs", "-noheader", "-o", FORMAT))}

    def delete_jobs(self, job_ids: Sequence[str]) -> None:
        """End the jobs with `bkill`, which sends SIGINT and SIGTERM before SIGKILL."""
        run_command("bkill", *job_ids)


def submit_words(options: LsfOptions, folder: JobFolder, spec: LaunchSpec) -> list[str]:
    """Return the options of `bsub` for one job: all slots on one machine, and requeued if a machine is lost."""
    words = ["-J", JOB_NAME, "-r", "-Q", str(REQUEUE_STATUS), "-o", str(folder.scheduler_output)]
    words += ["-n", str(options.cpus), "-R", "span[hosts=1]"]
    if spec.gpus:
        words += ["-gpu", ":".join([f"num={spec.gpus}", *([options.gpu] if options.gpu else [])])]
    if options.time:
        notice = max(1, -(-(int(spec.options.grace_s) + NOTICE_MARGIN_S) // 60))
        words += ["-W", str(options.time), "-wa", "USR1", "-wt", str(notice)]
    words += options.queue_words
    return words + further_words(options.bsub)


def parse_submission(text: str) -> str:
    """Return the id in what `bsub` prints.

    Raises:
        LaunchError: there is none.
    """
    found = SUBMITTED.search(text)
    if found is None:
        raise LaunchError(f"`bsub` printed no job id: {text.strip()}")
    return found[1]


def parse_jobs(text: str) -> Iterator[Job]:
    """Yield the jobs in the lines of `bjobs` that have not ended."""
    for line in text.splitlines():
        job_id, separator, rest = line.partition("|")
        if separator:
            state, host, reason = rest.split("|", 2)
            if state in PENDING:
                yield Job(job_id, "pending", "", reason.strip().removeprefix("-"))
            elif state not in ENDED:
                yield Job(job_id, "running", host.rpartition("*")[2].partition(":")[0])
