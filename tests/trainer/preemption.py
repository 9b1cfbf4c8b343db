"""Starts training on two ranks and sends SIGTERM to some of its processes, for tests and benchmarks/sigterm.py."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.trainer.programs import PROGRAMS, TORCHRUN, poll, start_program

PROGRAM = PROGRAMS / "preempted.py"
LIMIT_S = 20.0
"""torchrun kills processes that do not exit within 30 s. A hang must not look like an exit."""

STARTS: dict[str, Sequence[str | Path]] = {
    "torchrun": [*TORCHRUN, PROGRAM],
    "lightning": [PROGRAM],
    "ddp_spawn": [PROGRAM, "ddp_spawn"],
}
CASES = [
    ("torchrun", "launcher"),
    ("torchrun", "all"),
    ("torchrun", "rank 0"),
    ("torchrun", "rank 1"),
    ("lightning", "all"),
    ("lightning", "rank 0"),
    ("lightning", "rank 1"),
    ("ddp_spawn", "launcher"),
    ("ddp_spawn", "rank 1"),
]
"""How the ranks are started, and which process receives SIGTERM. Lightning's own launcher is rank 0 itself."""


def preempt(home: Path, start: Sequence[str | Path], *, target: str, **variables: str) -> tuple[int | None, str]:
    """Start the program, send SIGTERM to `target` and return exit status and output. None: it did not exit."""
    pids = home / "pids"
    pids.mkdir(parents=True)
    with start_program(*start, home=home, PIDS=str(pids), **variables) as process:
        poll(lambda: len(list(pids.iterdir())) == 2, process)
        ranks = {f"rank {rank}": int((pids / f"{rank}.pid").read_text()) for rank in (0, 1)}
        for pid in {"launcher": [process.pid], "all": [*ranks.values()]}.get(target) or [ranks[target]]:
            os.kill(pid, signal.SIGTERM)
        try:
            printed, _ = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return None, "it hangs"
        return process.returncode, printed
