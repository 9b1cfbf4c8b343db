"""The reason for a trial's failure is found in its output."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lightning_sweeps.agents.forking.protocol import FailedRank
from lightning_sweeps.agents.launch.failure import TAIL_BYTES, AttemptStart, read_failure, tail
from lightning_sweeps.core.paths import TrialFolder

TRACEBACK = """warning: something
Traceback (most recent call last):
  File "train.py", line 4, in <module>
    raise ValueError("boom")
ValueError: boom
"""
LAUNCHER = """Traceback (most recent call last):
  File "run.py", line 1, in <module>
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
Root Cause (first observed failure):
[0]:
  time      : 2026-11-20_23:30:29
  host      : localhost
  rank      : 1 (local_rank: 1)
  exitcode  : {code} (pid: 4545)
  error_file: <N/A>
"""


@pytest.mark.parametrize(
    ("code", "own", "reason", "tail_part"),
    [
        (1, TRACEBACK, "rank 1: ValueError: boom", "raise ValueError"),
        (-9, "", "rank 1: killed by signal 9 (SIGKILL)", "Root Cause"),
    ],
)
def test_the_reason_comes_from_the_rank_that_failed_first(
    tmp_path: Path, code: int, own: str, reason: str, tail_part: str
) -> None:
    folder = TrialFolder(tmp_path)
    folder.stderr.write_text("an attempt before\n" + LAUNCHER.format(code=code))
    log = tmp_path / "ranks" / "t1-0_abc" / "attempt_0" / "1" / "stderr.log"
    log.parent.mkdir(parents=True)
    log.write_text(own)
    failure = read_failure(1, folder=folder, start=AttemptStart(stderr=18), launch_id="t1-0")
    assert failure.reason == reason
    assert tail_part in failure.tail
    assert "an attempt before" not in failure.tail


def test_the_reason_comes_from_the_rank_that_failed_first_without_torchrun_too(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    log = folder.rank_stderr("t1-0", 1)
    log.parent.mkdir(parents=True)
    log.write_text(TRACEBACK)
    folder.failed_rank("t1-0").write_bytes(msgspec.json.encode(FailedRank(1, 1)))
    failure = read_failure(1, folder=folder, start=AttemptStart(), launch_id="t1-0")
    assert failure.reason == "rank 1: ValueError: boom"
    assert "raise ValueError" in failure.tail


def test_a_tail_is_short() -> None:
    assert tail("\n".join(str(number) for number in range(100)) + "\n\n").splitlines() == [
        str(number) for number in range(60, 100)
    ]
    assert len(tail("x" * 100_000)) == TAIL_BYTES
    assert tail("") == ""
