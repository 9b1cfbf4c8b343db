"""Writing a journal: one append is one `write(2)`; it never raises, never waits for another process, has no thread.

What cannot be written (disk full, folder gone) is counted and said once; the next append tries again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, open_in_folder
from lightning_sweeps.journal.format import FRAME, MAX_PAYLOAD_BYTES, PREAMBLE, encode
from lightning_sweeps.journal.records import Header, Metrics, NodeInfo, Record, RunInfo
from lightning_sweeps.journal.values import plain_value, plain_values
from lightning_sweeps.system.node import this_process

logger = logging.getLogger("lightning_sweeps")

REOPEN_INTERVAL_S = 1.0
LOOK_INTERVAL_S = 2.0
"""How often an append also looks whether the file is still there and the service still runs."""


class _ThisProcess:
    """The pid of this process, kept up by a fork hook: a look at it costs a sixth of what `os.getpid()` does."""

    pid = os.getpid()

    @classmethod
    def refresh(cls) -> None:
        cls.pid = os.getpid()


os.register_at_fork(after_in_child=_ThisProcess.refresh)
_encode = msgspec.msgpack.Encoder(enc_hook=plain_value).encode
_pack = FRAME.pack
_crc32 = zlib.crc32
_now = time.time
_append = os.write


class JournalWriter:
    """The journal of this process for one run (or of the service for its node).

    Threads may append at once. After a fork the child opens a journal of its own at its first append, with the header
    of the same run; the parent's file is never touched by the child.

    Args:
        folder: where the file is made, named by a new journal id.
        run: the run that the rows belong to, or
        node: the machine that they belong to.
        opens_late: True: there is no file before the first append or `open`.
        on_look: called about every `LOOK_INTERVAL_S` of appending; must not wait and must not raise.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run: RunInfo | None = None,
        node: NodeInfo | None = None,
        opens_late: bool = False,
        on_look: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._run = run
        self._node = node
        self._opens_late = opens_late
        self._on_look = on_look
        self._start()

    def _start(self, *, replaces: str = "") -> None:
        self._pid = _ThisProcess.pid
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while the main thread is in here
        self.journal_id = new_id("j-")
        self.lost = 0
        self._sequence = 0
        self._replaces = replaces
        self._size = 0
        self._descriptor: int | None = None
        self._reopen_at = 0.0
        self._looked_at = time.time()
        self._complained = False
        self._has_begun = False
        if not self._opens_late:
            self.open()

    def open(self) -> None:
        """Open the file unless it is open."""
        if not self.is_own:
            self._start()
        with self._lock:
            if self._descriptor is None:
                self._open()

    @property
    def has_begun(self) -> bool:
        """False as long as nothing of this journal was written, nor was tried to."""
        return self._has_begun

    @property
    def path(self) -> Path:
        return self._folder / f"{self.journal_id}{JOURNAL_SUFFIX}"

    @property
    def is_own(self) -> bool:
        """Whether the journal was opened by this very process, not by the one it was forked from."""
        return self._pid == _ThisProcess.pid

    def metrics(self, step: int, values: Mapping[str, Any]) -> None:
        """Append one row; values that are no numbers, text or maps of them are left out and said once."""
        if self._pid != _ThisProcess.pid:
            self._start()
        with self._lock:
            self._sequence += 1
            now = _now()
            try:
                if type(values) is not dict:
                    raise TypeError(f"a row is a dict, this is a `{type(values).__name__}`")
                payload = _encode(Metrics(self._sequence, step, now, values))
            except Exception as error:  # whatever a user's object raises must not reach the training loop
                payload = self._plain(step, now, values, error)
            self._write(payload)
            if not 0.0 <= now - self._looked_at < LOOK_INTERVAL_S:
                self._look(now)

    def append(self, make: Callable[[int, float], Record]) -> None:
        """Append the record that `make(sequence, time)` returns."""
        if self._pid != _ThisProcess.pid:
            self._start()
        with self._lock:
            self._sequence += 1
            self._write(_encode(make(self._sequence, time.time())))

    def close(self) -> None:
        """Give the file back; an append after this opens a further journal for the same run."""
        with self._lock:
            if self._descriptor is not None and self.is_own:
                os.close(self._descriptor)
            self._descriptor = None
            self._pid = -1

    def _look(self, now: float) -> None:
        """See to what an append alone does not notice: a deleted file, a service that is gone."""
        self._looked_at = now
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self.complain(f"`{self.path}` was deleted; its rows that were not shipped are lost, a new journal begins")
            os.close(self._descriptor)
            self._begin_anew()
        self._on_look()

    def _begin_anew(self) -> None:
        complained, lost = self._complained, self.lost
        self._start(replaces=self.journal_id)
        self._complained, self.lost = complained, lost
        self.open()

    def _plain(self, step: int, now: float, values: object, error: Exception) -> bytes:
        kept, refused = plain_values(values)
        if refused:
            self.complain(f"log() left out {', '.join(refused)}: {error}")
        return _encode(Metrics(self._sequence, step, now, kept))

    def _write(self, payload: bytes) -> None:
        size = len(payload)
        if size > MAX_PAYLOAD_BYTES:
            self._lose(f"a row of {size} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
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
            self._take_back_torn_record(descriptor, written)

    def _take_back_torn_record(self, descriptor: int, written: int) -> None:
        """A full disk took a part of the record: cut it off, so that the next one joins the last whole one."""
        self._lose(f"cannot write `{self.path}`: the disk is full ({written} bytes fitted)")
        try:
            os.ftruncate(descriptor, self._size)
        except OSError:
            self._size += written  # the reader skips the torn record

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
        )
        try:
            start = PREAMBLE + encode(header)
            descriptor = open_in_folder(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC)
        except OSError as error:
            self.complain(f"cannot open `{self.path}`: {error.strerror}; training goes on, rows are lost until it can")
            return None
        try:
            if os.write(descriptor, start) != len(start):
                raise OSError(0, "the disk is full")
        except OSError as error:
            os.close(descriptor)
            self.complain(f"cannot write `{self.path}`: {error.strerror}; training goes on, rows are lost until it can")
            return False
        self._descriptor = descriptor
        self._size = len(start)
        return descriptor

    def _lose(self, problem: str | None) -> None:
        self.lost += 1
        if problem:
            self.complain(f"{problem}; training goes on, lost rows are counted")

    def complain(self, problem: str) -> None:
        """Say the first problem of this journal, and no other."""
        if not self._complained:
            self._complained = True
            logger.warning("%s (said once)", problem)
