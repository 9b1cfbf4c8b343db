"""Keeps rows in order while a GPU computes some of their values.

A row whose values are on a GPU waits here, and so do the rows after it. Every later log call writes what has arrived,
without waiting. If none comes, a thread writes a row at most `INTERVAL_S` after the GPU has computed it. The thread
starts with the first such row and ends when none has waited for `IDLE_S`. It asks the GPU and never waits in CUDA: a
thread that Python ends while it is in C++ code aborts the process.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

MAX_WAITING_ROWS = 4096
"""CUDA queues about a thousand operations, and each row queues three, so that training itself waits before this."""
INTERVAL_S = 0.02
IDLE_S = 5.0
POLL_S = (0.0001, 0.005)
"""First and longest pause between two looks at the GPU at the end of a run: CUDA cannot wait with a time limit."""


class PendingCopy(Protocol):
    """The values of one row that are on their way, such as a `DeviceCopy`."""

    def is_ready(self) -> bool:
        """Return whether the values have arrived. Does not wait."""
        ...

    def resolve(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the complete row, and an error or an empty string."""
        ...

    def without_numbers(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row without the values that are on their way."""
        ...


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A row that is not written yet.

    Attributes:
        step: its step.
        time: when it was logged, seconds since the epoch.
        values: its values; a number on its way is a placeholder.
        copy: its values that are on their way, or None for a row behind another one.
    """

    step: int
    time: float
    values: Any
    copy: PendingCopy | None


class DeviceRows:
    """The rows of one journal that wait for a GPU, oldest first.

    Args:
        write: writes one row: its step, its time and its values.
        report: tells the user that a GPU has failed.
        lock: the journal's lock, held during `write`.
    """

    def __init__(
        self, write: Callable[[int, float, Any], None], report: Callable[[str], None], lock: threading.RLock
    ) -> None:
        self._write = write
        self._report = report
        self._rows: deque[WaitingRow] = deque()
        self._changed = threading.Condition(lock)
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: WaitingRow) -> None:
        """Add a row behind all others. The caller holds the lock."""
        while len(self._rows) >= MAX_WAITING_ROWS:
            time.sleep(POLL_S[0])
            self.write_arrived()
        self._rows.append(row)
        if self._thread is None:
            self._start_thread()
        elif len(self._rows) == 1:
            self._changed.notify()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._write_late_rows, name="lightning_sweeps gpu rows", daemon=True)
        self._is_closed = False
        try:
            thread.start()
        except RuntimeError:  # the interpreter is exiting; `close` writes the rows
            return
        self._thread = thread

    def write_arrived(self) -> None:
        """Write the oldest rows up to the first that has not arrived. Does not wait. The caller holds the lock."""
        rows = self._rows
        while rows and (rows[0].copy is None or rows[0].copy.is_ready()):
            row = rows.popleft()
            if row.copy is None:
                self._write(row.step, row.time, row.values)
                continue
            values, error = row.copy.resolve(row.values)
            if error:
                self._report(error)
            self._write(row.step, row.time, values)

    def close(self, timeout_s: float) -> int:
        """Write all rows, and end the thread.

        It needs no other thread, so that it also works in a signal handler that has interrupted a log call.

        Args:
            timeout_s: how long to wait for the GPU.

        Returns:
            The number of rows that had not arrived. They are written without the GPU's values.
        """
        deadline = time.monotonic() + timeout_s
        pause_s, longest_s = POLL_S
        with self._changed:
            self.write_arrived()
            while self._rows and time.monotonic() < deadline:
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)
                self.write_arrived()
            missing = sum(row.copy is not None for row in self._rows)
            while self._rows:
                row = self._rows.popleft()
                self._write(
                    row.step, row.time, row.values if row.copy is None else row.copy.without_numbers(row.values)
                )
            self._is_closed, self._thread = True, None
            self._changed.notify()
        return missing

    def _write_late_rows(self) -> None:
        """Write rows that no log call has written. Runs in the thread."""
        with self._changed:
            while self._changed.wait_for(lambda: self._rows or self._is_closed, IDLE_S) and not self._is_closed:
                self._changed.wait_for(lambda: self._is_closed, INTERVAL_S)
                self.write_arrived()
            if self._thread is threading.current_thread():
                self._thread = None
