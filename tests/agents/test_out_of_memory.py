"""The reason of a trial that the kernel kills for lack of memory, in a real control group."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.agents.launch.reason import MEMORY_SHORT
from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import new_id
from tests.agents.trials import finish, make_sweep, start_agent

ROOTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))
LIMIT_BYTES = 600 * 1024**2
GREEDY = f"data = bytearray({4 * LIMIT_BYTES})\n"
LIMITS = ("memory.limit_in_bytes", "memory.max")
"""The file with the limit of cgroup 1 and of cgroup 2."""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group whose processes have little memory."""
    root = next((root for root in ROOTS if os.access(root / "cgroup.procs", os.W_OK)), None)
    if root is None or sys.platform != "linux":
        pytest.skip("needs root and control groups of Linux")
    folder = root / f"lightning-sweeps-{new_id()}"
    folder.mkdir()
    try:
        limit = next((folder / name for name in LIMITS if (folder / name).exists()), None)
        if limit is None:
            pytest.skip("the memory controller is not available")
        limit.write_text(str(LIMIT_BYTES))
        yield folder
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            (root / "cgroup.procs").write_text(pid)
        folder.rmdir()


@pytest.mark.fault
def test_the_reason_says_that_memory_was_short(client: Client, tmp_path: Path, group: Path) -> None:
    enter = f"import os; open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))"
    sweep_id = make_sweep(client, tmp_path, f"{enter}\n{GREEDY}", points=1)
    finish(start_agent(sweep_id, folder=tmp_path), folder=tmp_path)
    (trial,) = client.trials(sweep_id)
    assert trial.state == "failed"
    assert trial.reason == f"killed by signal 9 (SIGKILL); {MEMORY_SHORT}"
