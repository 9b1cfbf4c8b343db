"""What a submitted Slurm job does: the agents of its machine until the sweep is over, queued again when its time is.

Slurm tells the job's end ahead of time (`--signal`), and submitit then calls `checkpoint`: the trial writes its own
checkpoint and goes back to the sweep, the agents end, and the job is queued again. A SIGTERM (a preemption, `scancel`)
does the same, but leaves the queueing to Slurm.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any


class AgentJob:
    """One job; submitit pickles it, calls it on the machine, and calls `checkpoint` in a handler of the notice.

    Args:
        sweep_id: the sweep.
        arguments: the agents' options as words of a command line.
        folder: where the training program lies.
    """

    def __init__(self, sweep_id: str, arguments: Sequence[str], folder: str) -> None:
        self.sweep_id = sweep_id
        self.arguments = list(arguments)
        self.folder = folder
        self._agents: int | None = None
        self._is_told_to_end = False

    def __call__(self) -> int:
        """Run the agents; return their exit status."""
        words = [sys.executable, "-m", "lightning_sweeps.tuner", self.sweep_id, *self.arguments]
        agents = subprocess.Popen(
            words,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_be_deaf_to_the_notice,  # noqa: PLW1509 - this process has one thread
        )
        self._agents = os.pidfd_open(agents.pid)
        signal.signal(signal.SIGTERM, self._terminate)
        status = agents.wait()
        while self._is_told_to_end:
            signal.pause()  # a job that ended by itself now would not be queued again: Slurm ends it
        return status

    def checkpoint(self) -> Any:
        """End the agents, which give their trials back, and return what to queue again; None before there were any."""
        from submitit.helpers import DelayedSubmission

        if self._agents is None:
            return None
        self._end()
        select.select([self._agents], [], [])  # not by `wait`: that is what this handler has interrupted
        return DelayedSubmission(AgentJob(self.sweep_id, self.arguments, self.folder))

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._is_told_to_end = True
        self._end()

    def _end(self) -> None:
        if self._agents is not None:
            with contextlib.suppress(ProcessLookupError):  # they have ended
                signal.pidfd_send_signal(self._agents, signal.SIGTERM)


def _be_deaf_to_the_notice() -> None:
    """Slurm tells every process of a job, and most would end by it; children inherit this."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
