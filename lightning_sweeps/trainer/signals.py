"""SIGTERM and Slurm's requeue signal while a Trainer runs: noted, and obeyed at a batch at which all ranks meet.

Lightning's own handlers call collectives from inside the signal handler. Ranks are interrupted at different places of
their program, so the collectives of one rank meet others of the next, and the job hangs: always where one rank of
several is signalled (https://github.com/Lightning-AI/pytorch-lightning/issues/20806).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

REQUEUE_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)
"""Lightning sets a handler for one of them where Slurm's environment says so, and for none otherwise."""

EXIT_TERMINATED = 128 + signal.SIGTERM

SignalHandler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class SignalWatch:
    """Stands in for Lightning's signal handlers during one run of a Trainer. Lightning itself restores what was before.

    Attributes:
        has_sigterm: SIGTERM has come to this process.
        requeue: the requeue signal that has come to this process, or None.
    """

    def __init__(self) -> None:
        self._parent: int | None = None
        self._before_interrupt: SignalHandler = None
        self._before: dict[int, SignalHandler] = {}
        self._requeue_handlers: dict[int, SignalHandler] = {}
        self.has_sigterm = False
        self.requeue: int | None = None

    def remember(self) -> None:
        """Note the handlers of the user's program; call it before Lightning sets its own."""
        self.has_sigterm, self.requeue = False, None
        self._requeue_handlers = {}
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, *REQUEUE_SIGNALS)}

    def replace(self) -> None:
        """Replace the handlers that Lightning has set; call it after. Outside the main thread neither sets any."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) != self._note_sigterm:
            signal.signal(signal.SIGTERM, self._note_sigterm)
        for number in REQUEUE_SIGNALS:
            current = signal.getsignal(number)
            if callable(current) and current not in (self._before.get(number), self._note_requeue):
                self._requeue_handlers[number] = current
                signal.signal(number, self._note_requeue)
        if multiprocessing.parent_process() is not None and signal.getsignal(signal.SIGINT) != self._note_interrupt:
            self._parent = os.getppid()
            self._before_interrupt = signal.signal(signal.SIGINT, self._note_interrupt)

    def call_requeue(self) -> int:
        """Do what Lightning would have done inside the signal handler (checkpoint, `scontrol requeue`), on every rank.

        Returns:
            the signal's number.
        """
        [(number, handler), *_] = self._requeue_handlers.items()
        if callable(handler):
            handler(number, None)
        return number

    def forget(self) -> None:
        """Hold nothing that cannot be pickled; what signals have come is kept."""
        self._before = {}
        self._requeue_handlers = {}
        if self._before_interrupt is not None:
            if signal.getsignal(signal.SIGINT) == self._note_interrupt:
                signal.signal(signal.SIGINT, self._before_interrupt)
            self._before_interrupt = None

    def _note_interrupt(self, number: int, frame: FrameType | None) -> None:
        """SIGINT is also what ranks that `ddp_spawn` started get when the process that waits for them has died."""
        if os.getppid() != self._parent:
            self.has_sigterm = True
        elif callable(self._before_interrupt):
            self._before_interrupt(number, frame)

    def _note_sigterm(self, number: int, frame: FrameType | None) -> None:
        self.has_sigterm = True
        before = self._before.get(number)
        if callable(before):
            before(number, frame)

    def _note_requeue(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        self.requeue = number
