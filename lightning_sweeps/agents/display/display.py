"""The agent's end of its display: messages that are sent without ever waiting.

A terminal can stop taking output at any time: Ctrl-S, a pipe whose reader pauses, the copy mode of screen or tmux, a
connection that is asleep. The display is a process of its own, so that only the display waits. It reads the trial's
output from the trial's logs, so that output which nobody takes stays in a file and needs no memory.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from lightning_sweeps.agents.display.messages import OUT, Follow, LogFile, Message, PrintLine, encode
from lightning_sweeps.agents.display.sinks import DisplayStyle, make_sink
from lightning_sweeps.agents.display.viewer import view

MOST_WAITING_BYTES = 1 << 18
"""Messages that the agent keeps while the display waits for the terminal. Later ones are counted, not shown."""

DRAIN_S = 5.0
"""How long an agent that ends waits for its display. After that the display goes on by itself."""

POLL_S = 0.01
UNSTOPPABLE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGTTOU)
"""Signals that the display ignores. It ends with its agent. SIGTTOU: `stty tostop` would stop it and the agent."""


@dataclass(slots=True)
class Display:
    """Sends messages to the display process of this agent. No method waits, except `close`.

    Attributes:
        pid: the display process.
    """

    pid: int
    _descriptor: int
    _waiting: deque[bytes] = field(default_factory=deque)
    _waiting_bytes: int = 0
    _unshown: int = 0
    _is_gone: bool = False

    @classmethod
    def start(cls, style: DisplayStyle) -> Display:
        """Fork the display process. Call it while this process has one thread."""
        sys.stdout.flush()
        sys.stderr.flush()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            _become_display(reading, style)
        os.close(reading)
        os.set_blocking(writing, False)
        return cls(pid, writing)

    def say(self, text: str, *, stream: int = OUT) -> None:
        """Print one line, after everything that the trial has printed so far."""
        self._send(PrintLine(text, stream))

    def follow(self, logs: Sequence[LogFile]) -> None:
        """Show the output of a trial."""
        self._send(Follow(logs))

    def unfollow(self) -> None:
        """Show the rest of the trial's output; the trial has ended."""
        self._send(Follow())

    def flush(self) -> None:
        """Send what is waiting, as far as the display takes it."""
        while self._waiting and not self._is_gone:
            first = self._waiting[0]
            try:
                sent = os.write(self._descriptor, first)
            except BlockingIOError:
                return
            except OSError:  # somebody has ended the display
                self._is_gone = True
                return
            self._waiting_bytes -= sent
            if sent == len(first):
                self._waiting.popleft()
            else:
                self._waiting[0] = first[sent:]

    def close(self) -> None:
        """Wait until everything is shown, or `DRAIN_S` seconds while the terminal takes no output."""
        deadline = time.monotonic() + DRAIN_S
        self._note_unshown()
        self.flush()
        while self._waiting and not self._is_gone and time.monotonic() < deadline:
            time.sleep(POLL_S)
            self.flush()
        os.close(self._descriptor)
        while time.monotonic() < deadline and not self._has_ended():
            time.sleep(POLL_S)

    def _send(self, message: Message) -> None:
        self.flush()
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._unshown += isinstance(message, PrintLine)
            return
        self._note_unshown()
        self._enqueue(message)
        self.flush()

    def _note_unshown(self) -> None:
        if self._unshown:
            self._enqueue(PrintLine(f"({self._unshown} messages are not shown: the terminal took no output)"))
            self._unshown = 0

    def _enqueue(self, message: Message) -> None:
        line = encode(message)
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _has_ended(self) -> bool:
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        except ChildProcessError:  # it was reaped together with the children that this process adopted
            return True


def _become_display(reading: int, style: DisplayStyle) -> NoReturn:
    status = 1
    try:
        for number in UNSTOPPABLE:
            signal.signal(number, signal.SIG_IGN)
        view(reading, make_sink(style))
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
