"""The journal writer on a disk that is full from the start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from lightning_sweeps.journal.format import PREAMBLE, JournalEntry, decode
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.journal.writer import JournalWriter

CODE = """
import resource, sys
from pathlib import Path
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.journal.writer import JournalWriter
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4, resource.RLIM_INFINITY))
writer = JournalWriter(Path(sys.argv[1]), run=RunInfo("r", "p", "n", "g"))
for step in range(3):
    writer.metrics(step, {"x": 1.0})
print(writer.lost)
"""


def test_rows_are_lost_and_counted_if_not_even_the_header_can_be_written(tmp_path: Path) -> None:
    other = tmp_path / "stdin"
    other.write_text("")
    with other.open("r+") as stdin:  # rows must not go to another descriptor instead
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(tmp_path / "journals")],
            stdin=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout == "3\n"
    assert "the disk is full" in done.stderr or "cannot write" in done.stderr
    assert other.read_text() == ""


def test_a_write_that_the_system_takes_in_parts_is_finished(tmp_path: Path) -> None:
    """A signal interrupts a blocking write to a slow file after some bytes: `write(2)` then returns fewer."""
    writer = JournalWriter(tmp_path, run=RunInfo("r-1", "p", "n", "g"), opens_late=True)
    os.mkfifo(writer.path)
    received = bytearray()

    def read_slowly() -> None:
        with writer.path.open("rb", buffering=0) as stream:
            while part := stream.read(20_000):
                received.extend(part)
                time.sleep(0.002)

    reader = threading.Thread(target=read_slowly)
    reader.start()
    interruptions = 0

    def count(*_: object) -> None:
        nonlocal interruptions
        interruptions += 1

    previous = signal.signal(signal.SIGALRM, count)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        for step in range(3):
            writer.metrics(step, {"text": "x" * 2_000_000})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    lost = writer.lost
    writer.close()
    reader.join()
    found = list(decode(bytes(received), len(PREAMBLE)))
    assert (interruptions > 0, lost, [type(item) for item in found]) == (True, 0, [JournalEntry] * 4)
