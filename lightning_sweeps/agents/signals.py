"""Ctrl-C and SIGTERM as events: they are collected, and wake a wait that is marked as one that may be broken off."""

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
"""SIGHUP comes when the terminal closes, SIGUSR1 from Slurm before the end of a job: more ways of being told to end."""


class Woken(BaseException):
    """Breaks off a wait for the server; no ordinary handler on its way may catch it."""


class Signals:
    """Collects this process's signals from `install` on."""

    def __init__(self) -> None:
        self._waiting = False
        self._events: list[Interrupted | Terminated] = []

    @contextlib.contextmanager
    def installed(self) -> Iterator[Signals]:
        """Handle Ctrl-C and SIGTERM here, and put back what handled them before."""
        heard = [number for number in HANDLED if signal.getsignal(number) != signal.SIG_IGN]  # `nohup` stays in force
        before = {number: signal.signal(number, self._handle) for number in heard}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def take(self) -> list[Interrupted | Terminated]:
        """Return what has come in since the last call."""
        events, self._events = self._events, []
        return events

    def breakable(self, call: Callable[[], T]) -> T | None:
        """Return what `call` returns, or None as soon as a signal comes in; the event stays to be taken."""
        try:
            try:
                self._waiting = True
                return None if self._events else call()
            finally:
                self._waiting = False
        except Woken:
            return None

    def sleep(self, limit_s: float) -> None:
        """Wait, but not past a signal."""
        self.breakable(lambda: select.select([], [], [], limit_s))

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._events.append(Interrupted() if number == signal.SIGINT else Terminated())
        if self._waiting:
            self._waiting = False
            raise Woken
