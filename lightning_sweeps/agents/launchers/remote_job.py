"""Manages jobs on the machine where it runs, for the ssh launcher: starts, lists, ends and checks them.

Jobs are processes with a folder each in the home folder of this machine. They need no disk that machines share.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps.agents.launchers.base import JobState
from lightning_sweeps.agents.launchers.job_process import JobFile, JobFolder
from lightning_sweeps.core.paths import Home, one_name, write_whole
from lightning_sweeps.core.settings import environment, read_settings

REACH_S = 10.0
HOLD = "hold"
"""Word after `start`: the job ends when the standard input closes, so when its connection ends."""


@dataclass(frozen=True, slots=True)
class JobReport:
    """The state of a job on its machine."""

    state: JobState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JobStart:
    """A process that runs a job. The start time tells it from a later process with the same number."""

    pid: int
    started: float

    def find(self) -> psutil.Process | None:
        """Return the process if it still runs."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if is_same else None


def folder_of(job_id: str) -> JobFolder:
    """Return the folder of a job on this machine."""
    return JobFolder(Home(read_settings().home).job_logs("ssh") / one_name(job_id))


def start(job_id: str, *how: str) -> str:
    """Start the job whose `JobFile` is the first line of the standard input."""
    folder = folder_of(job_id)
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=JobFile)
    merged = {**environment(), **job.environment}
    folder.write(JobFile(job.command, job.folder, merged, None))
    with folder.scheduler_output.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lightning_sweeps.agents.launchers.job_process", str(folder.root)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    started = JobStart(process.pid, psutil.Process(process.pid).create_time())
    write_whole(_start_file(folder), msgspec.json.encode(started))
    if HOLD in how:
        print(process.pid, flush=True)
        sys.stdin.buffer.read()  # until the connection ends
        process.terminate()
        process.wait()
    process.returncode = 0  # do not wait for the job: it outlives this process
    return str(process.pid)


def states(*job_ids: str) -> str:
    """Return the states of jobs as JSON."""
    return msgspec.json.encode({job_id: _state(folder_of(job_id)) for job_id in job_ids}).decode()


def stop(*job_ids: str) -> str:
    """Tell jobs to end."""
    for job_id in job_ids:
        process = _process(folder_of(job_id))
        if process is not None:
            os.kill(process.pid, signal.SIGTERM)
    return ""


def logs(job_id: str) -> str:
    """Return what a job has printed."""
    return folder_of(job_id).read_output()


def check(url: str, folder: str) -> str:
    """Return why a job could not run here, or an empty text."""
    if not Path(folder).is_dir():
        return f"there is no folder `{folder}`"
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=REACH_S):  # noqa: S310 - the address of our server
            return ""
    except urllib.error.HTTPError:
        return ""  # something answers; whether it takes the key is known elsewhere
    except OSError as error:
        return f"it cannot reach the server at `{url}`: {getattr(error, 'reason', error)}"


COMMANDS: dict[str, Callable[..., str]] = {
    "start": start,
    "states": states,
    "stop": stop,
    "logs": logs,
    "check": check,
}


def _start_file(folder: JobFolder) -> Path:
    return folder.root / "process.json"


def _process(folder: JobFolder) -> psutil.Process | None:
    path = _start_file(folder)
    return msgspec.json.decode(path.read_bytes(), type=JobStart).find() if path.exists() else None


def _state(folder: JobFolder) -> JobReport:
    if not _start_file(folder).exists():
        return JobReport("unknown")
    if _process(folder) is not None:
        return JobReport("running")
    status = folder.read_status()
    if status is None:
        return JobReport("failed", "it was killed, or its machine restarted")
    return JobReport("finished") if status == 0 else JobReport("failed", f"exit status {status}")


def main(words: Sequence[str]) -> None:
    """Run one command and print what it returns."""
    print(COMMANDS[words[0]](*words[1:]), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
