"""`lightning-sweeps logs` shows and follows the output of two ranks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lightning_sweeps.core.settings import environment
from tests.cli.test_cli import command
from tests.servers import running_server, wait_until
from tests.service.services import running_service

PROGRAM = """
import sys
import lightning_sweeps as ls
run = ls.init("talk")
print(f"rank {run.rank} begins", flush=True)
sys.stdin.readline()
print(f"rank {run.rank} ends", flush=True)
"""
LINES = ["[0] rank 0 begins", "[0] rank 0 ends", "[1] rank 1 begins", "[1] rank 1 ends"]


def test_output_of_two_ranks_is_shown_by_rank_and_followed_to_the_end(home: Path) -> None:
    base = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_CONSOLE": "on"}
    base |= {"WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job"}
    with running_server(home) as (client, _), running_service(home):
        ranks = [
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                env={**base, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            for rank in range(2)
        ]
        wait_until(lambda: len(client.runs(project="talk").runs) == 2, what="both ranks")
        runs = client.runs(project="talk").runs
        wait_until(lambda: all(client.console(run.id) for run in runs), what="the first lines")
        assert "[1] rank 1 begins" in command(home, "logs", runs[0].group).stdout
        follower = subprocess.Popen(
            [sys.executable, "-m", "lightning_sweeps.cli", "logs", "-f", runs[0].group],
            env=base,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in ranks:
            rank.communicate(b"go\n")
        shown, _ = follower.communicate(timeout=60)
        assert follower.returncode == 0
        assert sorted(shown.splitlines()) == LINES


def test_an_unknown_id_is_an_error(home: Path) -> None:
    with running_server(home):
        done = command(home, "logs", "nothing")
    assert done.returncode == 1
    assert "there is no run, group or trial `nothing`" in done.stderr
