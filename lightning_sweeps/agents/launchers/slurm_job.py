"""The body of a Slurm job: runs the agents of its machine until the sweep ends, and requeues at the time limit.

Slurm announces the end of a job with a signal (`--signal`). submitit then calls `checkpoint`: the trials write their
checkpoints and return to the sweep, the agents end, and the job is queued again. SIGTERM (a preemption or `scancel`)
does the same, but leaves requeueing to Slurm.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from types import FrameType
from typing import Any


class AgentJob:
    """One job. submitit pickles it, calls it on its machine, and calls `checkpoint` in a signal handler.

    Args:
        command: the command that runs the agents.
        folder: the folder of the training program.
    """

    def __init__(self, command: Sequence[str], folder: str) -> None:
        self.command = list(command)
        self.folder = folder
        self._agents: int | None = None
        self._is_terminated = False

    def __call__(self) -> int:
        """Run the agents; return their exit status."""
        agents = subprocess.Popen(
            self.command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_ignore_time_limit_signal,  # noqa: PLW1509 - this process has one thread
        )
        self._agents = os.pidfd_open(agents.pid)
        signal.signal(signal.SIGTERM, self._terminate)
        status = agents.wait()
        while self._is_terminated:
            signal.pause()  # wait for Slurm to end the job: otherwise it would not be requeued
        return status

    def checkpoint(self) -> Any:
        """End the agents: their trials return to the sweep. Return the job to requeue, or None before the start."""
        from submitit.helpers import DelayedSubmission

        if self._agents is None:
            return None
        self._end()
        select.select([self._agents], [], [])  # not `wait`, which this handler has interrupted
        return DelayedSubmission(AgentJob(self.command, self.folder))

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._is_terminated = True
        self._end()

    def _end(self) -> None:
        if self._agents is not None:
            with contextlib.suppress(ProcessLookupError):  # they have ended
                signal.pidfd_send_signal(self._agents, signal.SIGTERM)


def _ignore_time_limit_signal() -> None:
    """Ignore SIGUSR2, in children too. Slurm sends it to every process of a job, and by default it ends the process."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
