"""The interface to a scheduler that runs agents as jobs: a new launcher is one subclass and one registration."""

from __future__ import annotations

import shlex
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.settings import Settings

if TYPE_CHECKING:
    from lightning_sweeps.agents.launchers.options import LauncherOptions

JobState = Literal["pending", "running", "finished", "failed", "cancelled", "unknown"]
"""`unknown`: the scheduler does not know the job, for example because it ended long ago."""


Options = TypeVar("Options", bound="LauncherOptions")


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """What to launch.

    Attributes:
        sweep_id: the sweep.
        options: the agents' options, the same for each job.
        working_folder: the folder of the training program, where each job must run its command.
        jobs: number of jobs to submit.
        nodes: machines of each trial. Launchers that can start several machines together count them as one job.
    """

    sweep_id: str
    options: AgentOptions
    working_folder: Path
    jobs: int = 1
    nodes: int = 1

    @property
    def command(self) -> list[str]:
        """The command that each job runs. It needs this process's environment and ends when the sweep ends."""
        return [sys.executable, "-m", "lightning_sweeps.tuner", self.sweep_id, *self.options.to_argv()]

    @property
    def gpus(self) -> int:
        """Number of GPUs that each job needs, for all its slots."""
        if self.options.gpus == "none":
            return 0
        per_trial = 1 if self.options.gpus_per_trial is None else self.options.gpus_per_trial
        return per_trial * (self.options.slots or 1)


@dataclass(frozen=True, slots=True)
class Job:
    """A submitted job.

    Attributes:
        id: as `Launcher.submit` returned it.
        state: state of the job, according to the scheduler.
        host: name of the machine that runs it; empty if it is not running or the scheduler does not report it.
        reason: why it waits or how it failed, in the scheduler's words; empty if the scheduler does not say.
    """

    id: str
    state: JobState
    host: str = ""
    reason: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("pending", "running")


class Launcher(ABC, Generic[Options]):
    """Submits agents as jobs of a scheduler, and manages these jobs.

    A launcher keeps no state: another process with the same options can list, cancel and read jobs by their ids.

    End a job with SIGTERM and give it time (`AgentOptions.grace_s`, at least 10 s): its trials then write a checkpoint
    and return to the sweep.

    Register a subclass as an entry point of the group `lightning_sweeps.launchers`, and run
    `lightning_sweeps.testing.launcher.LauncherContract` on it.

    Attributes:
        options_model: subclass of `LauncherOptions` with the launcher's options.
        needs_shared_server: whether jobs run on other machines, which cannot reach this machine's local server.
        assigns_gpus: whether the scheduler chooses each job's GPUs. If not, a job uses those of `--gpus`, by default
            all GPUs of its machine.
        requeues: whether a job that is preempted or reaches its time limit is queued again.

    Args:
        options: the user's options.
        settings: the package's settings, such as the server's address and the home folder.
    """

    options_model: ClassVar[type[LauncherOptions]]
    needs_shared_server: ClassVar[bool] = True
    assigns_gpus: ClassVar[bool] = False
    requeues: ClassVar[bool] = False

    def __init__(self, options: Options, settings: Settings) -> None:
        self.options = options
        self.settings = settings

    @property
    def log_folder(self) -> Path | None:
        """The folder in which the jobs' logs appear on this machine, or None if only `logs` can read them."""
        return None

    def check(self, spec: LaunchSpec) -> None:
        """Check what can be checked before jobs are submitted, such as the way from a job's machine to the server.

        Raises:
            UsageError, LaunchError: jobs could not run.
        """

    def render(self, spec: LaunchSpec) -> str:
        """Return what would be submitted, for `--dry-run`: by default the command that each job runs."""
        return shlex.join(spec.command) + "\n"

    @abstractmethod
    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit `spec.jobs` jobs that each run `spec.command` in `spec.working_folder`; return their ids.

        Does not wait for the jobs to start.

        Raises:
            UsageError: an option cannot be used.
            LaunchError: the scheduler rejects the jobs or is not installed.
        """

    @abstractmethod
    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs with these ids, in the same order. Jobs that the scheduler has forgotten are `unknown`.

        Raises:
            LaunchError: the scheduler does not answer.
        """

    @abstractmethod
    def cancel(self, job_ids: Sequence[str]) -> None:
        """End these jobs, pending or running. Does not wait for their end, and ignores jobs that have ended.

        Raises:
            LaunchError: the scheduler rejects the request or does not answer.
        """

    @abstractmethod
    def logs(self, job_id: str) -> str:
        """Return what the job has printed so far; empty before it has printed anything."""
