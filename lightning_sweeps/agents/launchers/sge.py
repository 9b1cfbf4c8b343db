"""Runs agents as jobs of Grid Engine (SGE and its successors)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from collections.abc import Iterator, Sequence

from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, JobState, LaunchSpec
from lightning_sweeps.agents.launchers.batch import JOB_NAME, BatchLauncher, QueueOptions, further_words
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.job_process import JobFolder
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE
from lightning_sweeps.agents.launchers.time_limits import NOTICE_MARGIN_S, TimeLimit

REQUEUE_STATUS = 99
"""A job that exits with it is queued again (qsub(1), EXIT STATUS of jobs)."""

NUMBER = re.compile(r"^job_number:\s+(\d+)", re.MULTILINE)
WHY = re.compile(r"^(?:scheduling info|error reason\s+\d+):\s+(.+)", re.MULTILINE)


class SgeOptions(QueueOptions):
    """Options of the Grid Engine launcher."""

    time: TimeLimit | None = Field(
        default=None,
        description="Time limit of a job: minutes, or [days-]hours:minutes:seconds (default: the queue's)."
        " A job that reaches it is queued again.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    cpus: int | None = Field(
        default=None,
        ge=1,
        description="CPUs of a job: slots of the parallel environment (default: one slot, and none).",
        json_schema_extra=IN_SWEEP_FILE,
    )
    parallel_environment: str = Field(
        default="smp", description="Parallel environment with all slots on one machine, for --cpus (default: smp)."
    )
    resource: list[str] = Field(
        default=[],
        description="Resource of a job as for `qsub -l`, name=value; may be repeated.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    gpu_resource: str = Field(
        default="gpu", description="Name of the resource that counts a machine's GPUs (default: gpu)."
    )
    qsub: list[str] = Field(
        default=[], description="Further option of `qsub`, name=value, for example P=physics; may be repeated."
    )


class SgeLauncher(BatchLauncher[SgeOptions]):
    """Submits each machine's agents as a job with `qsub`."""

    name = "sge"
    options_model = SgeOptions
    assigns_gpus = True
    requeues = True
    requeue_status = REQUEUE_STATUS

    def submit_job(self, words: list[str], folder: JobFolder, spec: LaunchSpec) -> str:
        """Submit one job with `qsub`.

        Raises:
            LaunchError: Grid Engine rejects it, or is not installed.
        """
        return run_command("qsub", *submit_words(self.options, folder, spec), *words).strip()

    def list_jobs(self) -> dict[str, Job]:
        """Return the jobs from `qstat`."""
        found = {job.id: job for job in parse_jobs(run_command("qstat", "-xml"))}
        waiting = [job.id for job in found.values() if job.state in ("pending", "failed")]
        reasons = parse_reasons(run_command("qstat", "-j", ",".join(waiting))) if waiting else {}
        return {job.id: Job(job.id, job.state, job.host, reasons.get(job.id, job.reason)) for job in found.values()}

    def delete_jobs(self, job_ids: Sequence[str]) -> None:
        """Delete the jobs with `qdel`. A running one gets SIGUSR2, and is killed after the queue's `notify` time."""
        run_command("qdel", *job_ids)


def submit_words(options: SgeOptions, folder: JobFolder, spec: LaunchSpec) -> list[str]:
    """Return the options of `qsub` for one job."""
    resources = list(options.resource)
    if spec.gpus:
        resources.append(f"{options.gpu_resource}={spec.gpus}")
    if options.time is not None:
        limit_s = options.time * 60
        notice_s = max(1, limit_s - int(spec.options.grace_s) - NOTICE_MARGIN_S)
        resources += [f"h_rt={limit_s}", f"s_rt={notice_s}"]
    words = ["-terse", "-b", "y", "-shell", "n", "-notify", "-r", "y", "-N", JOB_NAME]
    words += ["-j", "y", "-o", str(folder.scheduler_output), "-wd", str(folder.root)]
    words += options.queue_words
    words += ["-pe", options.parallel_environment, str(options.cpus)] if options.cpus else []
    words += ["-l", ",".join(resources)] if resources else []
    return words + further_words(options.qsub)


def parse_jobs(text: str) -> Iterator[Job]:
    """Yield the jobs in the XML of `qstat`."""
    for job in Xml.fromstring(text).iter("job_list"):  # noqa: S314 - written by this cluster's own command
        code = job.findtext("state", "")
        queue = job.findtext("queue_name") or ""
        yield Job(job.findtext("JB_job_number", ""), state_of(code), queue.rpartition("@")[2], _described(code))


def parse_reasons(text: str) -> dict[str, str]:
    """Return why jobs wait, by id, from the text of `qstat -j`."""
    reasons = {}
    for part in text.split("=" * 62):
        number, why = NUMBER.search(part), WHY.search(part)
        if number and why:
            reasons[number[1]] = why[1].strip()
    return reasons


def state_of(code: str) -> JobState:
    """Return the state for a code of `qstat`, such as `qw`, `Rr` and `Eqw` (qstat(1), OUTPUT FORMATS)."""
    if "E" in code:
        return "failed"
    return "pending" if "w" in code else "running"


def _described(code: str) -> str:
    if "h" in code:
        return "held"
    return "suspended" if {*"sST"} & {*code} else ""
