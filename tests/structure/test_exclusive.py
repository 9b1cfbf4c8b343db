"""Checks that a test marked `alone` never runs while another process runs a test."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PROCESS = """
import os, sys
from pathlib import Path
from tests.exclusive import ExclusiveLock

lock, log = ExclusiveLock(Path(sys.argv[1])), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
kinds = [number % 4 > 1 for number in range(200)]
for alone, next_alone in zip(kinds, [*kinds[1:], False]):
    with lock.hold(alone=alone, next_alone=next_alone):
        os.write(log, f"{os.getpid()} {'alone' if alone else 'beside'} begins\\n".encode())
        os.write(log, f"{os.getpid()} {'alone' if alone else 'beside'} ends\\n".encode())
"""


def test_nothing_runs_beside_a_test_that_is_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "lock"), str(tmp_path / "log")]
    started = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 800
    for line, following in itertools.pairwise(lines):
        if line.endswith("alone begins"):
            assert following == line.replace("begins", "ends")
    # two consecutive tests that run alone keep the lock between them
    kept = [number for number, line in enumerate(lines) if line.endswith("alone ends")][::2]
    assert all(lines[number + 1].split()[:2] == lines[number].split()[:2] for number in kept)
