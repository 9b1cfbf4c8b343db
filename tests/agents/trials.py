"""Sweeps of small scripts, and agents that run in their own processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from tests.servers import wait_until

LIMIT_S = 60.0


def make_sweep(client: Client, folder: Path, script: str, *, points: int = 4, **more: Any) -> str:
    """Write `train.py` and create a grid of `points` over it; return the sweep's id."""
    (folder / "train.py").write_text(script)
    config = {
        "program": "train.py",
        "method": "grid",
        "parameters": {"x": {"values": list(range(points))}},
        **more,
    }
    return client.create_sweep(m.SweepCreate(config)).id


@dataclass(frozen=True, slots=True)
class EndedAgent:
    status: int
    out: str
    err: str


def start_agent(
    sweep_id: str,
    *options: str,
    folder: Path,
    module: str = "tuner",
    environment: Mapping[str, str] | None = None,
    warm: bool = False,
) -> subprocess.Popen[str]:
    """Start the agents of this machine (`module="tuner"`) or of one slot (`module="agents"`) in `folder`.

    Their output goes to files there. Trials start cold unless `warm`: most programs here import nothing, and a fork
    server takes seconds.
    """
    options = options if warm else ("--cold", *options)
    with (folder / "agent.out").open("w") as out, (folder / "agent.err").open("w") as err:
        return subprocess.Popen(
            [sys.executable, "-m", f"lightning_sweeps.{module}", sweep_id, *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            env=dict(os.environ if environment is None else environment),
            start_new_session=True,
        )


def finish(agent: subprocess.Popen[str], *, folder: Path, limit_s: float = LIMIT_S) -> EndedAgent:
    """Wait for the agent. If it does not end, kill it and fail the test with its output."""
    try:
        agent.wait(limit_s)
    except subprocess.TimeoutExpired:
        agent.kill()
        agent.wait()
        raise AssertionError(f"the agent did not end within {limit_s} s:\n{_read(folder)}") from None
    return _read(folder, agent.returncode)


def run_agents(sweep_id: str, *options: str, folder: Path, module: str = "tuner", warm: bool = False) -> EndedAgent:
    return finish(start_agent(sweep_id, *options, folder=folder, module=module, warm=warm), folder=folder)


def wait_for_file(path: Path) -> None:
    wait_until(path.exists, what=str(path))


def _read(folder: Path, status: int = -1) -> EndedAgent:
    return EndedAgent(status, (folder / "agent.out").read_text(), (folder / "agent.err").read_text())
