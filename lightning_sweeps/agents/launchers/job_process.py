"""Runs the agents of one job on its machine: `python -m lightning_sweeps.agents.launchers.job_process FOLDER`.

A scheduler starts this process. Everything that the job needs is in a private file in its folder, so that no API key
stands on a command line or in the scheduler's database. The folder must be on a disk that both machines have.

SIGTERM and SIGUSR2 end the job. SIGUSR1 announces its time limit: the trials write checkpoints and return to the sweep,
and the process ends with the status that makes the scheduler queue the job again.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import msgspec

from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.core.paths import make_private_folder, write_whole
from lightning_sweeps.core.settings import environment

CANCEL_INTERVAL_S = 2.0
"""How often a job looks whether it must end."""

OF_THE_JOB = frozenset(
    {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HOSTNAME", "TMPDIR", "TMP", "PWD"}
)
"""Variables that a scheduler sets for a job, and that keep their value there."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a job runs.

    Attributes:
        command: the command of the agents.
        folder: folder of the training program.
        environment: variables of the process that submitted the job.
        requeue_status: exit status with which the scheduler queues a job again; None if it cannot.
    """

    command: list[str]
    folder: str
    environment: dict[str, str]
    requeue_status: int | None = None


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The files of one job."""

    root: Path

    @property
    def file(self) -> Path:
        """What the job runs: a `JobFile` (JSON, mode 0600)."""
        return self.root / "job.json"

    @property
    def output(self) -> Path:
        """What the agents print."""
        return self.root / "output.log"

    @property
    def scheduler_output(self) -> Path:
        """What the scheduler, or the start of this process, prints."""
        return self.root / "scheduler.log"

    @property
    def host(self) -> Path:
        """The name of the machine that runs the job, as text."""
        return self.root / "host"

    @property
    def status(self) -> Path:
        """The exit status of the agents, as text. It is written at the end."""
        return self.root / "status"

    @property
    def cancel(self) -> Path:
        """A file that asks the job to end, for schedulers that cannot be asked."""
        return self.root / "cancel"

    def write(self, job: JobFile) -> None:
        make_private_folder(self.root)
        write_whole(self.file, msgspec.json.encode(job))

    def read_status(self) -> int | None:
        """Return the exit status, or None if the job did not get to its end."""
        return int(self.status.read_text()) if self.status.exists() else None

    def read_output(self) -> str:
        """Return what the job has printed."""
        paths = [path for path in (self.scheduler_output, self.output) if path.exists()]
        return "".join(path.read_text(errors="replace") for path in paths)


def job_environment(submitted: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Return the environment of the agents: as it was at the submission, with what the scheduler set for the job."""
    from_scheduler = {name: value for name, value in own.items() if name not in submitted or name in OF_THE_JOB}
    return submitted | from_scheduler


def run(folder: JobFolder) -> int:
    """Run the agents until they end, and return the exit status of the job."""
    job = msgspec.json.decode(folder.file.read_bytes(), type=JobFile)
    write_whole(folder.host, socket.gethostname().encode())
    with folder.output.open("ab") as output:
        agents = subprocess.Popen(
            job.command,
            cwd=job.folder,
            env=job_environment(job.environment, environment()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509 - this process has one thread
        )
    must_requeue = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal must_requeue
        must_requeue = must_requeue or number == signal.SIGUSR1
        agents.terminate()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, end)
    status = _wait(agents, folder.cancel)
    if must_requeue and job.requeue_status is not None:
        return job.requeue_status
    write_whole(folder.status, str(status).encode())
    return status if status >= 0 else 128 - status


def _wait(agents: subprocess.Popen[bytes], cancel: Path) -> int:
    """Wait for the agents, and end them once the file `cancel` exists."""
    while True:
        try:
            return agents.wait(CANCEL_INTERVAL_S)
        except subprocess.TimeoutExpired:
            if cancel.exists():
                agents.terminate()


if __name__ == "__main__":
    sys.exit(run(JobFolder(Path(sys.argv[1]))))
