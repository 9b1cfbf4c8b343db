"""The journal writer on a disk that is full from the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
