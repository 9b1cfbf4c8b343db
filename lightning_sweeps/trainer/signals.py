"""Handles SIGTERM and Slurm's requeue signal while a Trainer runs.

The handler records the signal, and all ranks act on it at the same batch.

Lightning's own handlers call collectives inside the signal handler. Signals interrupt ranks at different places of the
program, so one rank waits in a different collective than another, and the job hangs. It always hangs if only one
of several ranks gets the signal (https://github.com/Lightning-AI/pytorch-lightning/issues/20806).
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
"""Under Slurm, Lightning sets a handler for one of them. Elsewhere it sets none."""

EXIT_TERMINATED = 128 + signal.SIGTERM

SignalHandler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class SignalWatch:
    """Replaces Lightning's signal handlers during one run of a Trainer. Lightning itself restores the earlier ones.

    Attributes:
        has_sigterm: whether this process has received SIGTERM.
        requeue: the requeue signal that this process has received, or None.
    """

    def __init__(self) -> None:
        self._parent: int | None = None
        self._interrupt_handler: SignalHandler = None
        self._user_handlers: dict[int, SignalHandler] = {}
        self._requeue_handlers: dict[int, SignalHandler] = {}
        self.has_sigterm = False
        self.requeue: int | None = None

    def save_user_handlers(self) -> None:
        """Save the handlers of the user's program. Call it before Lightning sets its own."""
        self.has_sigterm, self.requeue = False, None
        self._requeue_handlers = {}
        self._user_handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, *REQUEUE_SIGNALS)}

    def replace_handlers(self) -> None:
        """Replace the handlers that Lightning has set. Outside the main thread there are none."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) != self._on_sigterm:
            signal.signal(signal.SIGTERM, self._on_sigterm)
        for number in REQUEUE_SIGNALS:
            current = signal.getsignal(number)
            if callable(current) and current not in (self._user_handlers.get(number), self._on_requeue):
                self._requeue_handlers[number] = current
                signal.signal(number, self._on_requeue)
        if multiprocessing.parent_process() is not None and signal.getsignal(signal.SIGINT) != self._on_interrupt:
            self._parent = os.getppid()
            self._interrupt_handler = signal.signal(signal.SIGINT, self._on_interrupt)

    def call_requeue_handler(self) -> int:
        """Call Lightning's requeue handler (checkpoint, `scontrol requeue`) outside the signal handler, on every rank.

        Returns:
            The number of the signal.
        """
        [(number, handler), *_] = self._requeue_handlers.items()
        if callable(handler):
            handler(number, None)
        return number

    def release_handlers(self) -> None:
        """Drop all handlers so that this object can be pickled. The received signals are kept."""
        self._user_handlers = {}
        self._requeue_handlers = {}
        if self._interrupt_handler is not None:
            if signal.getsignal(signal.SIGINT) == self._on_interrupt:
                signal.signal(signal.SIGINT, self._interrupt_handler)
            self._interrupt_handler = None

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Treat SIGINT as SIGTERM if the parent has died: ranks of `ddp_spawn` get SIGINT then."""
        if os.getppid() != self._parent:
            self.has_sigterm = True
        elif callable(self._interrupt_handler):
            self._interrupt_handler(number, frame)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self.has_sigterm = True
        user_handler = self._user_handlers.get(number)
        if callable(user_handler):
            user_handler(number, frame)

    def _on_requeue(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        self.requeue = number
