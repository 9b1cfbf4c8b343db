"""Runs agents on other machines over ssh. No disk must be shared; the machines need this package and the program."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec
from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.job_process import JobFile
from lightning_sweeps.agents.launchers.options import LauncherOptions
from lightning_sweeps.agents.launchers.remote_job import HOLD, JobReport
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.core.settings import PREFIX, environment
from lightning_sweeps.errors import LaunchError

REMOTE = "lightning_sweeps.agents.launchers.remote_job"
HOME = f"{PREFIX}HOME"
BATCH = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15")
"""ssh never asks for a password, and notices a machine that is gone."""


class SshOptions(LauncherOptions):
    """Options of the ssh launcher."""

    max_jobs: int = Field(default=1, ge=1, description="Number of jobs (default: one on each host).")
    host: list[str] = Field(
        min_length=1, description="Host as for `ssh`, for example node1 or me@node1; may be repeated."
    )
    folder: str | None = Field(
        default=None, description="Folder of the training program on the hosts (default: the same as here)."
    )
    python: str = Field(
        default=sys.executable,
        description="Python of the hosts, with this package installed (default: the path of this one).",
    )
    with_connection: bool = Field(
        default=False,
        description="The agents end when the connection ends. A process here keeps it open (default: they stay).",
    )
    ssh: list[str] = Field(default=[], description="Further option of `ssh -o`, name=value; may be repeated.")

    @property
    def job_count(self) -> int:
        return self.max_jobs if "max_jobs" in self.model_fields_set else len(self.host)


class SshLauncher(Launcher[SshOptions]):
    """Starts jobs on hosts in turn. The id of a job is its host and a name, with a colon between."""

    options_model = SshOptions

    def check(self, spec: LaunchSpec) -> None:
        """Check on each host that it has the folder and reaches the server.

        Raises:
            LaunchError: a host cannot be reached or used. The message has ssh's own words.
        """
        for host in dict.fromkeys(self.options.host):
            why_not = self._on(host, "check", self.settings.url, self._folder(spec))
            if why_not:
                raise LaunchError(f"`{host}` cannot run jobs: {why_not}", hint="nothing was submitted")

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Start the jobs.

        Raises:
            LaunchError: a host cannot be reached, or has no such Python. Jobs that were started are ended.
        """
        started: list[str] = []
        try:
            for host in islice(cycle(self.options.host), spec.jobs):
                started.append(self._start(host, spec))
        except BaseException:
            self.cancel(started)
            raise
        return started

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Ask each host once for its jobs."""
        found: dict[str, Job] = {}
        for host, names in _by_host(job_ids).items():
            reports = msgspec.json.decode(self._on(host, "states", *names), type=dict[str, JobReport])
            for name, report in reports.items():
                job_id = f"{host}:{name}"
                found[job_id] = Job(job_id, report.state, host.rpartition("@")[2], report.reason)
        return [found.get(job_id, Job(job_id, "unknown")) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Tell the jobs to end."""
        for host, names in _by_host(job_ids).items():
            self._on(host, "stop", *names)

    def logs(self, job_id: str) -> str:
        """Return what the job has printed."""
        return "".join(self._on(host, "logs", *names) for host, names in _by_host([job_id]).items())

    def _start(self, host: str, spec: LaunchSpec) -> str:
        name = new_id()
        variables = {key: value for key, value in environment().items() if key.startswith(PREFIX)}
        command = [self.options.python, *spec.command[1:]]
        job = msgspec.json.encode(JobFile(command, self._folder(spec), variables)).decode() + "\n"
        if self.options.with_connection:
            self._hold(host, name, job)
        else:
            self._on(host, "start", name, text=job)
        return f"{host}:{name}"

    def _hold(self, host: str, name: str, job: str) -> None:
        """Start a job that ends with its connection, and leave a process that keeps the connection."""
        folder = Home(self.settings.home).job_logs("ssh")
        make_private_folder(folder)
        log = folder / f"{name}.connection.log"
        answer, answering = os.pipe()
        given = _pipe_without_end(folder / f"{name}.fifo")
        with log.open("wb") as said:
            process = subprocess.Popen(
                self._words(host, "start", name, HOLD),
                stdin=given,
                stdout=answering,
                stderr=said,
                start_new_session=True,
            )
        os.close(answering)
        with os.fdopen(given, "wb", buffering=0) as stream:
            stream.write(job.encode())
        with os.fdopen(answer, "rb") as stream:
            has_started = bool(stream.readline())
        if not has_started:
            status = process.wait()
            words = log.read_text(errors="replace").strip()
            raise LaunchError(f"`ssh {host}` failed: {words or f'exit status {status}'}")
        process.returncode = 0  # do not wait for the connection: it outlives this process

    def _on(self, host: str, *words: str, text: str | None = None) -> str:
        return run_command(*self._words(host, *words), text=text)

    def _words(self, host: str, *words: str) -> list[str]:
        options = [part for one in self.options.ssh for part in ("-o", one)]
        home = environment().get(HOME)
        prefix = ["env", f"{HOME}={home}"] if home else []
        return ["ssh", *BATCH, *options, "--", host, shlex.join([*prefix, self.options.python, "-m", REMOTE, *words])]

    def _folder(self, spec: LaunchSpec) -> str:
        return self.options.folder or str(spec.working_folder)


def _by_host(job_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the jobs by host, without ids of another form."""
    hosts: dict[str, list[str]] = {}
    for job_id in job_ids:
        host, separator, name = job_id.rpartition(":")
        if separator:
            hosts.setdefault(host, []).append(name)
    return hosts


def _pipe_without_end(path: Path) -> int:
    """Return a descriptor that is both ends of a pipe: a process that reads it waits for as long as it lives."""
    os.mkfifo(path, mode=0o600)
    descriptor = os.open(path, os.O_RDWR)
    path.unlink()
    return descriptor
