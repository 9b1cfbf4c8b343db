"""Collects Ctrl-C and SIGTERM as events and interrupts waits that are marked as interruptible."""

from __future__ import annotations

import contextlib
import select
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from lightning_sweeps.agents.decisions import Interrupted, Terminated

T = TypeVar("T")

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""SIGHUP arrives when the terminal closes, SIGUSR1 from Slurm before the end of a job: both are handled like
SIGTERM."""


class WaitInterrupted(BaseException):
    """Interrupts a wait for the server. It is a BaseException, so `except Exception` does not catch it."""


class Signals:
    """Collects the signals of this process while it is installed."""

    def __init__(self) -> None:
        self._is_interruptible = False
        self._events: list[Interrupted | Terminated] = []

    @contextlib.contextmanager
    def installed(self) -> Iterator[Signals]:
        """Install the handlers, and restore the previous ones at the end."""
        handled = [number for number in HANDLED if signal.getsignal(number) != signal.SIG_IGN]  # respect `nohup`
        before = {number: signal.signal(number, self._handle) for number in handled}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def take(self) -> list[Interrupted | Terminated]:
        """Return the events since the last call."""
        events, self._events = self._events, []
        return events

    def interruptible(self, call: Callable[[], T]) -> T | None:
        """Return what `call` returns, or None as soon as a signal arrives; `take` then returns its event."""
        try:
            try:
                self._is_interruptible = True
                return None if self._events else call()
            finally:
                self._is_interruptible = False
        except WaitInterrupted:
            return None

    def sleep(self, limit_s: float) -> None:
        """Sleep for `limit_s` seconds or until a signal arrives."""
        self.interruptible(lambda: select.select([], [], [], limit_s))

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._events.append(Interrupted() if number == signal.SIGINT else Terminated())
        if self._is_interruptible:
            self._is_interruptible = False
            raise WaitInterrupted
