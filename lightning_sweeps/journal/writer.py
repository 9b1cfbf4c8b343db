"""Writes a journal: one append is one `write(2)`. It never raises and never waits for another process or a GPU.

Rows that cannot be written (disk full, folder deleted) are counted, and each kind of problem is logged once. The next
append tries again. A record is written only if the reader accepts it: rows are converted by `journal/values.py`, all
other records by `journal/conform.py`. There is no thread, except while values on a GPU are on their way
(`device_rows.py`).
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, open_in_folder
from lightning_sweeps.journal.conform import conform
from lightning_sweeps.journal.device_copy import DeviceCopy
from lightning_sweeps.journal.device_rows import DeviceRows, WaitingRow
from lightning_sweeps.journal.format import FRAME, MAX_PAYLOAD_BYTES, PREAMBLE, decode_payload, frame
from lightning_sweeps.journal.records import Header, Metrics, NodeInfo, Record, RunInfo
from lightning_sweeps.journal.rows import (
    CHECKED_BYTES,
    OnOther,
    RowConverter,
    check_shape,
    encode_any,
    encode_host_values,
    refuse,
)
from lightning_sweeps.journal.values import plain_text
from lightning_sweeps.system.node import this_process

logger = logging.getLogger("lightning_sweeps")

REOPEN_INTERVAL_S = 1.0
DEVICE_TIMEOUT_S = 10.0
"""How long `close` waits for values that a GPU still computes."""
CHECK_INTERVAL_S = 2.0
"""How often an append also checks that the file still exists and that the service is running."""
MAX_REPORTS = 1000
"""Maximum number of problems that one journal logs."""


MAX_MESSAGE = 2000
"""Maximum length of a logged problem, in characters."""


class _ThisProcess:
    """The pid of this process, updated by a fork hook: reading it takes a sixth of the time of `os.getpid()`."""

    pid = os.getpid()

    @classmethod
    def refresh(cls) -> None:
        cls.pid = os.getpid()


os.register_at_fork(after_in_child=_ThisProcess.refresh)
_pack = FRAME.pack
_crc32 = zlib.crc32
_now = time.time
_append = os.write


class JournalWriter:
    """The journal of this process for one run, or of the service for its node.

    Several threads may append at the same time. After a fork, the child opens its own journal for the same run at its
    first append and never touches the parent's file.

    Args:
        folder: folder of the file; its name is a new journal id.
        run: the run that the rows belong to. Exactly one of `run` and `node` is set.
        node: the machine that the rows belong to.
        opens_late: whether to create the file at the first append instead of now.
        parent: the journal of the run's main process, if this process is a child of it.
        waits_for_device: whether to wait in `metrics` for values on a GPU, instead of writing the row when they arrive.
        on_check: called when the file has been created, and about every `CHECK_INTERVAL_S` during appends. It must not
            wait and must not raise.
        on_other: takes the values that no row may contain, such as images. It must not raise.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run: RunInfo | None = None,
        node: NodeInfo | None = None,
        opens_late: bool = False,
        waits_for_device: bool = False,
        on_check: Callable[[], None] = lambda: None,
        parent: str = "",
        on_other: OnOther = refuse,
    ) -> None:
        self._creator = _ThisProcess.pid
        self._parent = parent
        self._main_id = ""
        self._folder = folder
        self._waits_for_device = waits_for_device
        self._encode_row = encode_any if waits_for_device else encode_host_values
        self._run = run
        self._node = node
        self._opens_late = opens_late
        self._on_check = on_check
        self._reported: set[str] = set()
        self._converter = RowConverter(self.report, on_other)
        self._start()

    def _start(self, *, replaces: str = "") -> None:
        self._pid = _ThisProcess.pid
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while the main thread appends
        self.journal_id = new_id("j-")
        self.lost = 0
        self._sequence = 0
        self._replaces = replaces
        self._size = 0
        self._descriptor: int | None = None
        self._reopen_at = 0.0
        self._checked_at = time.time()
        self._has_begun = False
        self._device_rows: DeviceRows | None = None
        if not self._opens_late:
            self.open()

    def open(self) -> None:
        """Create and open the file if it is not open."""
        if not self.is_own:
            self._start()
        with self._lock:
            if self._descriptor is None:
                self._open()

    def change_run(self, run: RunInfo) -> None:
        """Set the description of the run for later journals of this process. This one keeps its header."""
        self._run = run

    @property
    def has_begun(self) -> bool:
        """Whether something was written to this journal, or a write was attempted."""
        return self._has_begun

    @property
    def main_id(self) -> str:
        """The journal of the run's main process: this one, unless a child writes it. Empty before it is created."""
        return self._parent or self._main_id

    @property
    def path(self) -> Path:
        return self._folder / f"{self.journal_id}{JOURNAL_SUFFIX}"

    @property
    def is_own(self) -> bool:
        """Whether this process opened the journal, rather than the process that it was forked from."""
        return self._pid == _ThisProcess.pid

    def metrics(self, step: int, values: Mapping[str, Any]) -> None:
        """Append one row. A value that no row may contain is left out, and reported once for its key.

        Args:
            step: the step.
            values: names to numbers, text, and lists and maps of these.
        """
        if self._pid != _ThisProcess.pid:
            self._start()
        with self._lock:
            now = _now()
            if self._device_rows is None or not self._waits_behind(step, now, values, self._device_rows):
                try:
                    if type(values) is not dict:
                        raise TypeError
                    payload = self._encode_row(Metrics(self._sequence + 1, step, now, values))
                    if len(payload) > CHECKED_BYTES:
                        check_shape(values)
                except Exception:  # an exception of a user's object must not reach the training loop
                    self._convert(step, now, values)
                else:
                    self._sequence += 1
                    self._write(payload)
            if not 0.0 <= now - self._checked_at < CHECK_INTERVAL_S:
                self._check(now)

    def _waits_behind(self, step: int, now: float, values: Mapping[str, Any], rows: DeviceRows) -> bool:
        """Write the rows that have arrived; if others have not, add this one behind them. Return whether it waits."""
        rows.write_arrived()
        if not rows:
            return False
        self._convert(step, now, values)
        return True

    def _convert(self, step: Any, now: float, values: Any) -> None:
        """Write a row that msgspec cannot encode as it is, at once or when its values have arrived from a GPU.

        Every value is converted by itself, so that none changes its neighbours.
        """
        copy = None if self._waits_for_device else DeviceCopy()
        step = self._converter.whole_step(step)
        kept = self._converter.convert(step, values, copy)
        if copy is not None and copy.has_numbers:
            try:
                copy.start()
            except Exception as problem:  # what a GPU library raises must not reach the training loop
                self._report_device(str(problem).partition("\n")[0])
                copy = None
                kept = self._converter.convert(step, values, None)
        else:
            copy = None
        if copy is not None or self._device_rows:
            self._rows_of_device().add(WaitingRow(step, now, kept, copy))
        else:
            self._write_row(step, now, kept)

    def _rows_of_device(self) -> DeviceRows:
        if self._device_rows is None:
            self._device_rows = DeviceRows(self._write_row, self._report_device, self._lock)
            if self._descriptor is None:
                self._open()  # the service should know the run now
        return self._device_rows

    def _write_row(self, step: int, time: float, values: dict[str, Any]) -> None:
        self._sequence += 1
        self._write(encode_any(Metrics(self._sequence, step, time, values)))

    def _report_device(self, problem: str) -> None:
        self.report(f"cannot copy values from a GPU without waiting: {problem}", about="gpu")

    def append(self, make: Callable[[int, float], Record]) -> None:
        """Append the record that `make(sequence, time)` returns. Its fields become what the record declares."""
        if self._pid != _ThisProcess.pid:
            self._start()
        with self._lock:
            self._sequence += 1
            payload = self._encode_any(make(self._sequence, _now()))
            if payload is not None:
                self._write(payload)

    def close(self) -> None:
        """Write the rows that wait for a GPU, and close the file. A later append opens another journal for the run."""
        self.write_device_rows()
        with self._lock:
            if self._descriptor is not None and self.is_own:
                os.close(self._descriptor)
            self._descriptor = None
            self._pid = -1

    def write_device_rows(self, timeout_s: float = DEVICE_TIMEOUT_S) -> None:
        """Write the rows that wait for a GPU. Values that have not arrived in time are left out and reported."""
        if self._device_rows is not None and self.is_own:
            missing = self._device_rows.close(timeout_s)
            if missing:
                self._report_device(f"{missing} rows did not arrive within {timeout_s:.0f} s of the end of the run")

    def _check(self, now: float) -> None:
        """Detect what an append cannot detect: the file was deleted, or the service has ended."""
        self._checked_at = now
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self.report(
                f"`{self.path}` was deleted; rows that were not uploaded are lost, logging continues in a new file"
            )
            os.close(self._descriptor)
            self._replace()
        self._on_check()

    def _replace(self) -> None:
        kept = (self._lock, self.lost, self._device_rows)
        self._start(replaces=self.journal_id)
        self._lock, self.lost, self._device_rows = kept
        self.open()

    def _encode_any(self, record: Record) -> bytes | None:
        """Return the payload of a record as a reader accepts it, or None if it cannot be stored."""
        try:
            payload = encode_any(record)
            decode_payload(payload)
            return payload
        except Exception:  # wrong types, or a user's object
            kind = type(record).__name__.lower()
        try:
            record, notes = conform(record)
            payload = encode_any(record)
            decode_payload(payload)
        except Exception as error:  # for example too many values
            self._lose(f"cannot record a {kind}: {error}", about=f"record {kind}")
            return None
        for note in notes:
            self.report(f"{kind}: {note}", about=f"{kind} {note}")
        return payload

    def _write(self, payload: bytes) -> None:
        size = len(payload)
        if size > MAX_PAYLOAD_BYTES:
            self._lose(f"a record has {size} bytes, the limit is {MAX_PAYLOAD_BYTES}", about="size")
            return
        descriptor = self._descriptor
        if descriptor is None:
            descriptor = self._open()
            if descriptor is None:
                self._lose(None)
                return
        data = _pack(size, _crc32(payload)) + payload
        try:
            written = _append(descriptor, data)
        except OSError as error:
            self._lose(f"cannot write `{self.path}`: {error.strerror}")
            return
        if written == len(data):
            self._size += written
        else:
            self._write_rest(descriptor, data, written)

    def _write_rest(self, descriptor: int, data: bytes, written: int) -> None:
        """Write the rest of a record that the system took in part, or cut the part off if the rest cannot be written.

        The next record then follows the last complete one.
        """
        try:
            _write_all(descriptor, data[written:])
        except OSError as error:
            self._lose(f"cannot write `{self.path}`: {error.strerror}")
        else:
            self._size += len(data)
            return
        try:
            os.ftruncate(descriptor, self._size)
        except OSError:
            self._size = os.fstat(descriptor).st_size  # the reader skips the torn record

    def _open(self) -> int | None:
        now = time.monotonic()
        if now < self._reopen_at:
            return None
        self._reopen_at = now + REOPEN_INTERVAL_S
        self._has_begun = True
        header = Header(
            journal=self.journal_id,
            created=time.time(),
            process=this_process(),
            run=self._run,
            node=self._node,
            replaces=self._replaces,
            parent=self._parent or ("" if _ThisProcess.pid == self._creator else self._main_id),
        )
        try:
            payload = self._encode_any(header)
            if payload is None:
                return None
            start = PREAMBLE + frame(payload)
            descriptor = open_in_folder(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC)
        except OSError as error:
            self.report(
                f"cannot open `{self.path}`: {error.strerror}; training continues, rows are lost until this works"
            )
            return None
        try:
            _write_all(descriptor, start)
        except OSError as error:
            os.close(descriptor)
            self.report(
                f"cannot write `{self.path}`: {error.strerror}; training continues, rows are lost until this works"
            )
            return None
        if _ThisProcess.pid == self._creator:
            self._main_id = self._main_id or self.journal_id
        self._descriptor = descriptor
        self._size = len(start)
        self._on_check()
        return descriptor

    def _lose(self, problem: str | None, *, about: str = "file") -> None:
        self.lost += 1
        if problem:
            self.report(f"{problem}; training continues, lost rows are counted", about=about)

    def report(self, problem: str, *, about: str = "file") -> None:
        """Log the first problem `about` something: the file, the key of a value or of media, a field of a record."""
        if about in self._reported or len(self._reported) > MAX_REPORTS:
            return
        self._reported.add(about)
        if len(self._reported) > MAX_REPORTS:
            problem = f"{MAX_REPORTS} problems were logged; further ones are not"
        logger.warning("%s (logged once)", plain_text(problem[:MAX_MESSAGE]))


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however few the system takes at a time.

    Raises:
        OSError: the system takes no more.
    """
    while data:
        written = os.write(descriptor, data)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[written:]
