"""Measures the time of one log call of 10 scalars, compared with other loggers and with a bare `os.write`.

    make bench    (or: python benchmarks/log.py [contender ...])

Every contender runs in its own process, in alternating rounds. Its calls alternate in blocks with bare writes of the
same number of bytes as our row, so a slow machine affects both. The table shows the median over rounds of the median,
the 99th percentile and the maximum of each round, and the ratio to the bare write of the same process. Contenders that
are not installed are listed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROUNDS = 5
BLOCKS = 20
CALLS_PER_BLOCK = 250
WARM_UP = 200
ROW = {f"metric_{number}": 0.1234567 * (number + 1) for number in range(10)}

Log = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Round:
    """Nanoseconds per call in one process."""

    median: float
    p99: float
    worst: float
    bare_median: float


@contextlib.contextmanager
def run_log(_folder: Path) -> Iterator[Log]:
    import lightning_sweeps

    run = lightning_sweeps.init("bench")
    yield lambda step: run.log(ROW, step)
    lightning_sweeps.finish()


@contextlib.contextmanager
def sweep_logger(_folder: Path) -> Iterator[Log]:
    from lightning_sweeps import SweepLogger

    logger = SweepLogger("bench")

    def log(step: int) -> None:
        logger.log_metrics(ROW, step)
        logger.save()  # the Trainer calls it after every log_metrics

    yield log
    logger.finalize("success")


@contextlib.contextmanager
def wandb_offline(folder: Path) -> Iterator[Log]:
    import wandb

    run: Any = wandb.init(project="bench", mode="offline", dir=str(folder), settings=wandb.Settings(silent=True))
    yield lambda step: run.log(ROW, step=step)
    run.finish()


@contextlib.contextmanager
def tensorboard(folder: Path) -> Iterator[Log]:
    from torch.utils.tensorboard.writer import SummaryWriter

    writer: Any = SummaryWriter(str(folder))

    def log(step: int) -> None:
        for key, value in ROW.items():
            writer.add_scalar(key, value, step)

    yield log
    writer.close()


@contextlib.contextmanager
def trackio_local(_folder: Path) -> Iterator[Log]:
    import trackio

    with contextlib.redirect_stdout(None):
        trackio.init(project="bench")
    yield lambda step: trackio.log(ROW, step=step)
    with contextlib.redirect_stdout(None):
        trackio.finish()


CONTENDERS: dict[str, tuple[Callable[[Path], Any], str | None]] = {
    "lightning_sweeps Run.log": (run_log, None),
    "lightning_sweeps SweepLogger.log_metrics + save": (sweep_logger, None),
    "wandb offline": (wandb_offline, "wandb"),
    "TensorBoard SummaryWriter": (tensorboard, "tensorboard"),
    "trackio local": (trackio_local, "trackio"),
}
"""Name -> the setup, and the package that it needs."""


def measure(name: str, folder: Path) -> Round:
    """Time one contender in this process. Blocks of its calls alternate with blocks of bare writes."""
    row_bytes = b"x" * our_row_size()
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    calls: list[int] = []
    bare: list[int] = []
    with CONTENDERS[name][0](folder) as log:
        for step in range(WARM_UP):
            log(step)
        step = WARM_UP
        for _ in range(BLOCKS):
            for _ in range(CALLS_PER_BLOCK):
                before = time.perf_counter_ns()
                os.write(descriptor, row_bytes)
                bare.append(time.perf_counter_ns() - before)
            for _ in range(CALLS_PER_BLOCK):
                before = time.perf_counter_ns()
                log(step)
                calls.append(time.perf_counter_ns() - before)
                step += 1
    os.close(descriptor)
    calls.sort()
    return Round(statistics.median(calls), calls[int(len(calls) * 0.99)], calls[-1], statistics.median(bare))


def our_row_size() -> int:
    """Return the size in bytes of the journal record that `Run.log(ROW)` writes."""
    from lightning_sweeps.journal.format import encode
    from lightning_sweeps.journal.records import Metrics

    return len(encode(Metrics(1000, 1000, time.time(), ROW)))


def measure_in_process(name: str) -> Round:
    """Measure one contender in a new process with its own home folder and without the service."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {
            **os.environ,
            "LIGHTNING_SWEEPS_HOME": folder,
            "LIGHTNING_SWEEPS_SERVICE": "off",
            "TRACKIO_DIR": folder,
            "HF_HUB_OFFLINE": "1",
        }
        command = [sys.executable, __file__, "--measure", name, "--folder", folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr}")
        return Round(**json.loads(done.stdout.splitlines()[-1]))


def is_installed(package: str | None) -> bool:
    try:
        return package is None or bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def report(rounds: dict[str, list[Round]]) -> str:
    """Return the results as a Markdown table."""
    lines = ["| 10 scalars | median µs | p99 µs | max µs | x bare write |", "|---|---|---|---|---|"]
    bare = statistics.median(entry.bare_median for entries in rounds.values() for entry in entries)
    lines.append(f"| bare `os.write` of the same bytes | {bare / 1000:.2f} | | | 1 |")
    for name, entries in rounds.items():
        median, p99, worst = (
            statistics.median(getattr(entry, field) for entry in entries) / 1000 for field in ("median", "p99", "worst")
        )
        ratio = statistics.median(entry.median / entry.bare_median for entry in entries)
        lines.append(f"| {name} | {median:.2f} | {p99:.1f} | {worst:.0f} | {ratio:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contenders", nargs="*", choices=[[], *CONTENDERS], default=[])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(asdict(measure(arguments.measure, arguments.folder))))
        return
    wanted = arguments.contenders or list(CONTENDERS)
    present = [name for name in wanted if is_installed(CONTENDERS[name][1])]
    rounds: dict[str, list[Round]] = {name: [] for name in present}
    for number in range(ROUNDS):
        for name in present:
            print(f"round {number + 1} of {ROUNDS}: {name}", file=sys.stderr)
            rounds[name].append(measure_in_process(name))
    print(report(rounds))
    for name in wanted:
        if name not in present:
            print(f"not measured because it is not installed: {name}")


if __name__ == "__main__":
    main()
