"""Runs agents as tasks of HyperQueue, through its Python package."""

from __future__ import annotations

import contextlib
import importlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, LaunchSpec
from lightning_sweeps.agents.launchers.batch import JOB_NAME, BatchLauncher
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.job_process import JobFolder
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.errors import LaunchError


class HyperQueueOptions(LauncherOptions):
    """Options of the HyperQueue launcher."""

    cpus: int = Field(default=1, ge=1, description="CPUs of a job (default: 1).", json_schema_extra=IN_SWEEP_FILE)
    gpu_resource: str = Field(
        default="gpus/nvidia", description="Name of the resource with a worker's GPUs (default: gpus/nvidia)."
    )
    server_dir: str | None = Field(
        default=None, description="Folder of the HyperQueue server (default: ~/.hq-server, as for `hq`)."
    )


class _Looked(Exception):
    """HyperQueue has said how the jobs are."""


class HyperQueueLauncher(BatchLauncher[HyperQueueOptions]):
    """Submits each machine's agents as a job with one task. A worker that dies gives its task to another one."""

    name = "hyperqueue"
    options_model = HyperQueueOptions
    assigns_gpus = True
    requeues = True

    def submit_job(self, words: list[str], folder: JobFolder, spec: LaunchSpec) -> str:
        """Submit one job.

        Raises:
            LaunchError: the package is not installed, or no HyperQueue server runs.
        """
        hyperqueue = _package()
        resources: dict[str, int] = {self.options.gpu_resource: spec.gpus} if spec.gpus else {}
        request = _package(".ffi.protocol").ResourceRequest(cpus=self.options.cpus, resources=resources)
        job = hyperqueue.Job(name=JOB_NAME, default_workdir=folder.root)
        output = str(folder.scheduler_output)
        job.program(words, stdout=output, stderr=output, resources=request)
        return str(self._client().submit(job).id)

    def list_jobs(self) -> dict[str, Job]:
        """Return the jobs of the job folders that HyperQueue has not ended."""
        ids = sorted(int(path.name) for path in self.log_folder.glob("*") if path.name.isdecimal())
        open_ids = [number for number in ids if self.folder_of(str(number)).read_status() is None]
        if not open_ids:
            return {}
        found: dict[int, Mapping[str, Any]] = {}

        def look(statuses: Mapping[int, Mapping[str, Any]]) -> None:
            found.update(statuses)
            raise _Looked

        with contextlib.suppress(_Looked):
            self._client().connection.wait_for_jobs(open_ids, look)
        return {str(number): self._job(str(number)) for number, status in found.items() if not status["completed"]}

    def delete_jobs(self, job_ids: Sequence[str]) -> None:
        """Cancel the jobs with `hq`, or without it by a file that each job looks for."""
        if shutil.which("hq"):
            folder = ["--server-dir", self.options.server_dir] if self.options.server_dir else []
            run_command("hq", *folder, "job", "cancel", ",".join(job_ids))
        else:
            for job_id in job_ids:
                self.folder_of(job_id).cancel.touch()

    def _job(self, job_id: str) -> Job:
        host = self.folder_of(job_id).host
        return Job(job_id, "running", host.read_text()) if host.exists() else Job(job_id, "pending")

    def _client(self) -> Any:
        hyperqueue = _package()
        try:
            return hyperqueue.Client(self.options.server_dir)
        except Exception as error:  # what its library raises has no type of its own
            raise LaunchError(
                f"HyperQueue does not answer: {error}", hint="start a server with `hq server start`, and workers"
            ) from error


def _package(part: str = "") -> Any:
    """Import HyperQueue's package, or a part of it.

    Raises:
        LaunchError: it is not installed.
    """
    try:
        return importlib.import_module(f"hyperqueue{part}")
    except ImportError as error:
        raise LaunchError(
            "the launcher `hyperqueue` needs HyperQueue's package, which is not installed",
            hint='`pip install "lightning-sweeps[hyperqueue]"`',
        ) from error
