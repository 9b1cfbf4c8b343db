"""The example for wandb users runs unmodified: ranks of a group, and a sweep with the client's own agent."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.server.protocols.wandb_client import WandbPrograms

pytestmark = pytest.mark.slow

LAUNCH = Path(__file__).parents[3] / "examples" / "wandb" / "launch.sh"
DEMO_S = 400


def test_the_demo_runs_ranks_and_a_sweep_and_ends_with_the_dashboard(programs: WandbPrograms, home: Path) -> None:
    folder = programs.python.parents[1]
    installed = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    given = programs.environment(PYTHONPATH=installed, LIGHTNING_SWEEPS_HOME=str(home), WANDB_DIR=str(programs.folder))
    path = f"{Path(sys.executable).parent}:{programs.python.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [LAUNCH], env=given | {"PATH": path}, capture_output=True, text=True, timeout=DEMO_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    client = programs.served.client
    ranks = sorted(client.runs(project="wandb-ddp", group="first").runs, key=lambda run: run.rank)
    assert [(run.rank, run.world_size, run.mode, run.rows, run.state) for run in ranks] == [
        (0, 2, "grouped", 50, "finished"),
        (1, 2, "grouped", 50, "finished"),
    ]
    (sweep,) = client.sweeps()
    assert (sweep.state, sweep.counts) == ("finished", {"finished": 3})
    assert any(line.startswith("Dashboard: ") and sweep.id in line for line in done.stdout.splitlines()), done.stdout
