"""The base of launchers for batch schedulers with commands to submit, list and delete jobs.

A subclass says how one job is submitted, how the jobs that the scheduler has are listed, and how they are deleted. What
becomes of a job that the scheduler has forgotten is read from its folder.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, Launcher, LaunchSpec, Options
from lightning_sweeps.agents.launchers.job_process import JobFile, JobFolder
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import Home, one_name
from lightning_sweeps.core.settings import environment

JOB_NAME = "lightning-sweeps"


class QueueOptions(LauncherOptions):
    """Options of launchers whose scheduler has queues."""

    queue: str | None = Field(
        default=None, description="Queue for the jobs (default: the cluster's).", json_schema_extra=IN_SWEEP_FILE
    )

    @property
    def queue_words(self) -> list[str]:
        """The words of a submission that name the queue."""
        return ["-q", self.queue] if self.queue else []


def further_words(texts: Sequence[str]) -> list[str]:
    """Return further options, given as `name=value` or `name`, as words of a submission."""
    words: list[str] = []
    for text in texts:
        name, _, value = text.partition("=")
        words += [f"-{name}", *([value] if value else [])]
    return words


class BatchLauncher(Launcher[Options]):
    """Submits jobs one by one. Their folders are in the home folder, which the jobs' machines must have too.

    Attributes:
        name: name of the folder with the jobs' folders.
        requeue_status: exit status with which the scheduler queues a job again; None if it cannot.
    """

    name: ClassVar[str]
    requeue_status: ClassVar[int | None] = None

    @property
    def log_folder(self) -> Path:
        """The folder with the jobs' folders."""
        return Home(self.settings.home).job_logs(self.name)

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit the jobs. If the scheduler rejects one, those before it are deleted.

        Raises:
            LaunchError: the scheduler rejects a job or is not installed.
        """
        job_ids: list[str] = []
        try:
            for _ in range(spec.jobs):
                job_ids.append(self._submit_one(spec))
        except BaseException:
            self.cancel(job_ids)
            raise
        return job_ids

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs that the scheduler lists, and for all others how they ended."""
        listed = self.list_jobs() if job_ids else {}
        return [listed.get(job_id) or self._ended(job_id) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Delete the jobs that the scheduler still has, those with an error included."""
        listed = self.list_jobs() if job_ids else {}
        if still_there := [job_id for job_id in job_ids if job_id in listed]:
            self.delete_jobs(still_there)

    def logs(self, job_id: str) -> str:
        """Return what the job has printed."""
        return self.folder_of(job_id).read_output()

    def folder_of(self, job_id: str) -> JobFolder:
        """Return the folder of a job."""
        return JobFolder(self.log_folder / one_name(job_id))

    @abstractmethod
    def submit_job(self, words: list[str], folder: JobFolder, spec: LaunchSpec) -> str:
        """Submit one job that runs these words, and return the scheduler's id."""

    @abstractmethod
    def list_jobs(self) -> dict[str, Job]:
        """Return the jobs of this user that wait or run, by id."""

    @abstractmethod
    def delete_jobs(self, job_ids: Sequence[str]) -> None:
        """Delete jobs that wait or run. Running ones must get SIGTERM or SIGUSR2 before they are killed."""

    def _submit_one(self, spec: LaunchSpec) -> str:
        folder = JobFolder(self.log_folder / f"job-{new_id()}")
        folder.write(JobFile(spec.command, str(spec.working_folder), environment(), self.requeue_status))
        words = [sys.executable, "-m", "lightning_sweeps.agents.launchers.job_process", str(folder.root)]
        job_id = self.submit_job(words, folder, spec)
        link = self.log_folder / one_name(job_id)
        link.unlink(missing_ok=True)  # a scheduler that starts afresh counts from 1 again
        link.symlink_to(folder.root.name)
        return job_id

    def _ended(self, job_id: str) -> Job:
        folder = self.folder_of(job_id)
        if not folder.root.exists():
            return Job(job_id, "unknown")
        status = folder.read_status()
        if status is None or (status and folder.cancel.exists()):
            return Job(job_id, "cancelled")
        return Job(job_id, "finished") if status == 0 else Job(job_id, "failed", reason=f"exit status {status}")
