"""Forwards signals from the command to the agents of its machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from lightning_sweeps.agents.agent_statuses import read_statuses
from lightning_sweeps.agents.supervisor import AgentStatus
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.system.node import is_alive

POLL_S = 0.2


@dataclass(slots=True)
class SignalForwarder:
    """Sends signals to every agent directly: torchrun would print a traceback. It ends when the agents have ended.

    Attributes:
        folder: the agents' shared folder.
        count: number of slots.
        torchrun: the process that started the agents.
        received: the signal that ended the agents; None if no signal ended them. SIGTERM takes precedence over SIGINT.
    """

    folder: TunerFolder
    count: int
    torchrun: subprocess.Popen[bytes]
    received: signal.Signals | None = None

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Install the signal handlers, and restore the previous ones at the end."""
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: self._interrupt,
            signal.SIGTERM: self._terminate,
            signal.SIGHUP: self._terminate,
            signal.SIGUSR1: self._terminate,
        }
        handled = {number: action for number, action in handlers.items() if signal.getsignal(number) != signal.SIG_IGN}
        before = {number: signal.signal(number, action) for number, action in handled.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait(self) -> int:
        """Wait for torchrun; return its exit code."""
        while True:
            try:
                return self.torchrun.wait(POLL_S)
            except subprocess.TimeoutExpired:
                continue

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.received = self.received or signal.SIGINT
        self._forward(signal.SIGINT)

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.received = signal.SIGTERM
        self._forward(signal.SIGTERM)

    def _forward(self, number: signal.Signals) -> None:
        agents = [status for status in read_statuses(self.folder, self.count) if _is_running(status)]
        for status in agents:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, number)
        if not agents:
            self.torchrun.terminate()


def _is_running(status: AgentStatus) -> bool:
    return status.exit_status is None and is_alive(status.pid, status.started)
