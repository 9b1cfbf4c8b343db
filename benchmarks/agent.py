"""Measures an agent's time from lease to program and from trial to trial: warm, cold, and without an agent.

    python benchmarks/agent.py [--trials 6] [--ranks 1 2]

Each trial is a complete Lightning run of four steps on the CPU. Its ranks record the time at the first line of the
program, after its imports, and at its last line; the slowest rank counts. For comparison, the same run measures plain
`torchrun` (or `python` for one rank) in a loop that starts the next trial as soon as one has ended, which is the best
possible for an agent without warm start. It also measures a loop that checks every 5 s, as W&B's agent does (wandb
0.31, `wandb/wandb_agent.py`: `time.sleep(5)` between checks); this is a simulation without a server.

Then it measures 100 empty trials on 2 slots: from the end of a trial to the start of the next on its slot.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import read_settings

PROGRAM = """
import time
first = time.time()
import json, os, sys
import lightning.pytorch as L
import torch
from torch.utils.data import DataLoader, TensorDataset
ready = time.time()


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(8, 2)

    def training_step(self, batch, _):
        return torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


ranks = int(os.environ.get("WORLD_SIZE", "1"))
data = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(0, 2, (64,))), batch_size=4)
trainer = L.Trainer(max_steps=4, devices=ranks, accelerator="cpu", strategy="ddp" if ranks > 1 else "auto",
    logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Model(), data)
name = f"{sys.argv[1].partition('=')[2]}-{os.environ.get('RANK', '0')}.json"
json.dump(dict(first=first, ready=ready, last=time.time()), open(os.path.join(os.environ["BENCH_FOLDER"], name), "w"))
"""
CHECK_S = 5.0
NO_OPS = 100
SLOTS = 2
LIMIT_S = 900


@dataclass(frozen=True, slots=True)
class Trial:
    """Times of one trial, in seconds since the epoch: the request for its start, then those of the slowest rank."""

    requested: float | None
    first: float
    ready: float
    last: float


@dataclass(frozen=True, slots=True)
class Result:
    """Medians in seconds.

    Attributes:
        start: from the lease (or the start of the command) to the first line of the program.
        ready: from there to the first line after its imports.
        turnaround: from the last line of one trial to the first line after the imports of the next.
        whole: from the first line of one trial to the first line of the next.
    """

    start: float | None
    ready: float | None
    turnaround: float
    whole: float


@contextmanager
def server() -> Iterator[tuple[Client, Path]]:
    """Yield a client of a new server, and the folder where programs run."""
    with tempfile.TemporaryDirectory(prefix="bench-agent-") as root:
        os.environ["LIGHTNING_SWEEPS_HOME"] = str(Path(root) / "home")
        os.environ["BENCH_FOLDER"] = root
        (Path(root) / "train.py").write_text(PROGRAM)
        (Path(root) / "nothing.py").write_text("")
        client = connect(settings=read_settings())
        try:
            yield client, Path(root)
        finally:
            client.close()
            subprocess.run([sys.executable, "-m", "lightning_sweeps.cli", "server", "--stop"], check=False)


def read_trial(folder: Path, number: int, ranks: int, requested: float | None) -> Trial:
    """Return the times that the trial's ranks have recorded."""
    notes = [json.loads((folder / f"{number}-{rank}.json").read_text()) for rank in range(ranks)]
    first, ready, last = (max(note[name] for note in notes) for name in ("first", "ready", "last"))
    return Trial(requested, first, ready, last)


def with_agent(client: Client, folder: Path, *, trials: int, ranks: int, options: Sequence[str]) -> list[Trial]:
    """Run a sweep with our agent; a trial is requested when the agent prints that it starts."""
    config = {
        "program": "train.py",
        "method": "grid",
        "parameters": {"x": {"values": list(range(trials))}},
        "resources": {"processes": ranks},
    }
    sweep_id = client.create_sweep(m.SweepCreate(config)).id
    words = [sys.executable, "-m", "lightning_sweeps.tuner", sweep_id, "--gpus=none", "--slots=1", "--quiet", *options]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as agent:
        output = agent.stdout or ()
        requested = [time.time() for line in output if " starts: " in line]
    assert agent.returncode == 0
    assert {trial.state for trial in client.trials(sweep_id)} == {"finished"}
    return [read_trial(folder, number, ranks, requested[number]) for number in range(trials)]


def with_loop(folder: Path, *, trials: int, ranks: int, check_s: float | None) -> list[Trial]:
    """Run the program repeatedly as another agent would, checking every `check_s` seconds, or waiting for its end."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"] if ranks > 1 else []
    done = []
    for number in range(trials):
        requested = time.time()
        environment = os.environ | {"OMP_NUM_THREADS": "1"} if ranks > 1 else None
        words = [sys.executable, *launcher, "train.py", f"--x={number}"]
        with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as child:
            while check_s is not None and child.poll() is None:
                time.sleep(check_s)
        assert child.returncode == 0
        done.append(read_trial(folder, number, ranks, requested))
    return done


def summary(trials: Sequence[Trial]) -> Result:
    pairs = list(itertools.pairwise(trials))
    return Result(
        statistics.median(trial.first - trial.requested for trial in trials if trial.requested is not None),
        statistics.median(trial.ready - trial.first for trial in trials),
        statistics.median(later.ready - earlier.last for earlier, later in pairs),
        statistics.median(later.first - earlier.first for earlier, later in pairs),
    )


def show(results: dict[str, Result]) -> None:
    warm = results["agent, warm"]
    print("| | lease to first line | to imports done | last line to next, imports done | trial to trial | ratio |")
    print("|---|---|---|---|---|---|")
    for name, result in results.items():
        ratio = result.turnaround / warm.turnaround
        print(
            f"| {name} | {result.start:.3f} s | {result.ready:.3f} s | {result.turnaround:.3f} s"
            f" | {result.whole:.2f} s | {ratio:.1f} |",
            flush=True,
        )


def no_op_gaps(client: Client, folder: Path) -> list[float]:
    """Return the seconds from a trial's end to the next one's start on the same slot, as the server recorded them."""
    config = {"program": "nothing.py", "method": "grid", "parameters": {"x": {"values": list(range(NO_OPS))}}}
    sweep_id = client.create_sweep(m.SweepCreate(config)).id
    words = [sys.executable, "-m", "lightning_sweeps.tuner", sweep_id, "--gpus=none", f"--slots={SLOTS}", "--quiet"]
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)
    gaps = []
    by_agent: dict[str, list[m.Trial]] = {}
    for trial in sorted(client.trials(sweep_id), key=lambda trial: trial.started or 0):
        by_agent.setdefault(trial.agent or "", []).append(trial)
    for trials in by_agent.values():
        gaps += [(later.started or 0) - (earlier.ended or 0) for earlier, later in itertools.pairwise(trials)]
    assert len(gaps) == NO_OPS - SLOTS
    return gaps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--ranks", type=int, nargs="*", default=[1, 2])
    given = parser.parse_args()
    with server() as (client, folder):
        for ranks in given.ranks:
            count = given.trials
            results = {
                "agent, warm": summary(with_agent(client, folder, trials=count, ranks=ranks, options=[])),
                "agent, cold": summary(with_agent(client, folder, trials=count, ranks=ranks, options=["--cold"])),
                "torchrun in a loop": summary(with_loop(folder, trials=count, ranks=ranks, check_s=None)),
                "checking every 5 s": summary(with_loop(folder, trials=count, ranks=ranks, check_s=CHECK_S)),
            }
            print(f"\n{ranks} rank{'' if ranks == 1 else 's'}, {count} trials of 4 steps, medians:\n")
            show(results)
        gaps = no_op_gaps(client, folder)
        mean, worst = statistics.mean(gaps), max(gaps)
        print(f"\n{NO_OPS} trials that do nothing over {SLOTS} slots: mean gap {mean:.3f} s, longest {worst:.3f} s")


if __name__ == "__main__":
    main()
