"""Measures what logging costs a training on a GPU: added time, waits for the GPU, and the turnaround of trials.

python -m benchmarks.gpu

Each step queues matrix products that keep the GPU busy for about 2, 10 or 50 ms, and logs 10 scalars that the GPU has
computed. The first table is a plain loop, the second a fit of Lightning that logs at every step. Blocks of steps with
and without a logger alternate; a block ends when the GPU is idle. The added time is the difference of the medians.
Waits are the calls of CUDA that wait for the GPU, counted by PyTorch's profiler. The third table runs small trials
on one GPU; a program's first use of CUDA, which creates the context, is in it. The fourth table is what the service
spends on a sample of 1 and of 8 GPUs; where there are fewer, the same GPU is read several times. Without a GPU every
part is skipped, and the program exits with status 77.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pynvml
import torch
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset

import lightning_sweeps
from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import set_variable
from lightning_sweeps.system.gpus.nvidia import Nvidia
from tests.servers import running_server

SCALARS = 10
WIDTH = 2048
STEPS_MS = (2, 10, 50)
PARTS = ("loop", "fits", "trials", "sampling")
BLOCK_S = 0.4
WAITING_CALLS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")
PROFILED_STEPS = 20
SAMPLED_GPUS = (1, 8)
SAMPLES = 50
SKIPPED = 77
"""The exit status by which test programs say that they were skipped (Automake's convention)."""

LogRow = Callable[[dict[str, torch.Tensor], int], None]

TRIAL = """
import time
started = time.perf_counter()
import torch
torch.zeros(1, device="cuda")
context_s = time.perf_counter() - started
import lightning_sweeps as ls
run = ls.init()
a = torch.randn(256, 256, device="cuda")
for step in range(2000):
    a = (a @ a).tanh()
    if step % 100 == 0:
        run.log({"value": a[0, 0]}, step=step)
torch.cuda.synchronize()
run.log({"context_s": context_s}, step=step)
"""


class Work:
    """Matrix products that keep the GPU busy for some time, and ten scalars that depend on them."""

    def __init__(self, milliseconds: float) -> None:
        self._matrix = torch.randn(WIDTH, WIDTH, device="cuda", dtype=torch.bfloat16) / WIDTH**0.5
        self._count = 1
        self._count = max(1, round(milliseconds / self._milliseconds(200) * 200))

    def _milliseconds(self, count: int) -> float:
        for measured in (False, True):
            torch.cuda.synchronize()
            started_at = time.perf_counter()
            for _ in range(count):
                self._matrix @ self._matrix
            torch.cuda.synchronize()
            if measured:
                break
        taken_s: float = time.perf_counter() - started_at
        return 1e3 * taken_s

    def step(self) -> dict[str, torch.Tensor]:
        """Queue one step. Return ten scalars, as tensors of shape ()."""
        product = self._matrix
        for _ in range(self._count):
            product = self._matrix @ self._matrix
        scalars = product[0, :SCALARS].float()
        return {f"metric_{place}": scalars[place] for place in range(SCALARS)}


@contextmanager
def loggers() -> Iterator[dict[str, LogRow]]:
    """Yield the ways to log a row of tensors in a plain loop, by name."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        set_variable("GPU_VALUES", "later")
        later = lightning_sweeps.init("later", group="later")
        set_variable("GPU_VALUES", "wait")
        waits = lightning_sweeps.init("waits", group="waits")
        file = stack.enter_context(Path(folder, "rows.csv").open("w"))
        writer = csv.writer(file)
        found: dict[str, LogRow] = {
            "no logger": lambda _row, _step: None,
            "lightning_sweeps": later.log,
            "lightning_sweeps, GPU_VALUES=wait": waits.log,
            "`.item()` and csv": lambda row, step: writer.writerow([step, *(value.item() for value in row.values())]),
        }
        run = None
        if importlib.util.find_spec("wandb"):
            import wandb

            run = wandb.init(mode="offline", dir=folder)
            found["wandb offline"] = run.log
        yield found
        later.finish()
        waits.finish()
        if run is not None:
            run.finish()


def block(work: Work, log_row: LogRow, steps: int, first: int) -> float:
    """Run some steps and return the seconds until the GPU is idle."""
    torch.cuda.synchronize()
    started_at = time.perf_counter()
    for step in range(first, first + steps):
        log_row(work.step(), step)
    torch.cuda.synchronize()
    return time.perf_counter() - started_at


class WaitCounter:
    """Counts the calls of CUDA that wait for the GPU, from `start` to `stop`, which waits once itself."""

    def __init__(self) -> None:
        kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
        self._profile: Any = torch.profiler.profile(activities=kinds)

    def start(self) -> None:
        torch.cuda.synchronize()
        self._profile.start()

    def stop(self) -> int:
        self._profile.stop()
        counts = {event.key: event.count for event in self._profile.key_averages()}
        waits: int = sum(counts.get(name, 0) for name in WAITING_CALLS)
        return max(0, waits - 1)


def print_step(milliseconds: int, name: str, step_s: float, base_s: float, waits: float) -> None:
    added_s = step_s - base_s
    cells = [milliseconds, name, f"{1e3 * step_s:.3f}", f"{1e6 * added_s:.0f}", f"{100 * added_s / base_s:.2f} %"]
    print(f"| {' | '.join(map(str, cells))} | {waits:.1f} |", flush=True)


def plain_loop(milliseconds: int, rounds: int) -> None:
    work = Work(milliseconds)
    steps = max(5, round(1e3 * BLOCK_S / milliseconds))
    with loggers() as ways:
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        step = 0
        for round_number in range(rounds + 1):
            for name, log_row in ways.items():
                taken_s = block(work, log_row, steps, step) / steps
                step += steps
                if round_number:
                    seconds[name].append(taken_s)
        base_s = statistics.median(seconds["no logger"])
        for name, log_row in ways.items():
            counter = WaitCounter()
            counter.start()
            for place in range(PROFILED_STEPS):
                log_row(work.step(), step + place)
            waits = counter.stop() / PROFILED_STEPS
            step += PROFILED_STEPS
            print_step(milliseconds, name, statistics.median(seconds[name]), base_s, waits)


class Model(pl.LightningModule):
    """A model whose step takes some time on the GPU, and logs ten scalars."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch: Any) -> torch.Tensor:
        loss: torch.Tensor = self.layer(batch[0]).square().mean()
        self.log_dict(self.work.step())
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-4)


class Timer(pl.Callback):
    """Measures the steps after the first ones, then counts the waits of some more."""

    def __init__(self, first: int, steps: int) -> None:
        self.first, self.last = first, first + steps
        self.step_s = self.waits = 0.0
        self._started_at = 0.0
        self._counter = WaitCounter()

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        if batch_idx == self.first:
            torch.cuda.synchronize()
            self._started_at = time.perf_counter()
        elif batch_idx == self.last:
            torch.cuda.synchronize()
            self.step_s = (time.perf_counter() - self._started_at) / (self.last - self.first)
            self._counter.start()
        elif batch_idx == self.last + PROFILED_STEPS:
            self.waits = self._counter.stop() / PROFILED_STEPS


def lightning_fits(milliseconds: int, rounds: int) -> None:
    steps = max(10, round(1e3 * BLOCK_S / milliseconds))
    first = 10
    work = Work(milliseconds)
    ways: dict[str, Callable[[str], tuple[Any, list[pl.Callback]]]] = {
        "logger=False": lambda _: (False, []),
        "SweepLogger": lambda _: (SweepLogger("fits"), []),
        "SweepLogger + SweepCallback(insight=True)": lambda _: (
            SweepLogger("fits"),
            [SweepCallback(insight=True)],
        ),
        "CSVLogger": lambda folder: (CSVLogger(folder), []),
    }
    if importlib.util.find_spec("wandb"):
        from lightning.pytorch.loggers import WandbLogger

        ways["WandbLogger offline"] = lambda folder: (WandbLogger(save_dir=folder, offline=True), [])
    timers: dict[str, list[Timer]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, make in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                logger, callbacks = make(folder)
                timer = Timer(first, steps)
                trainer = pl.Trainer(
                    accelerator="gpu", devices=1, max_steps=first + steps + PROFILED_STEPS + 2, max_epochs=1,
                    logger=logger, callbacks=[*callbacks, timer], log_every_n_steps=1, enable_checkpointing=False,
                    enable_progress_bar=False, enable_model_summary=False,
                )  # fmt: skip
                data = DataLoader(TensorDataset(torch.randn(4 * 10_000, 4)), batch_size=4)
                trainer.fit(Model(work), data)
                timers[name].append(timer)
    base_s = statistics.median(timer.step_s for timer in timers["logger=False"])
    for name, some in timers.items():
        waits = statistics.median(timer.waits for timer in some)
        print_step(milliseconds, name, statistics.median(timer.step_s for timer in some), base_s, waits)


def trials(count: int) -> None:
    with tempfile.TemporaryDirectory() as name, running_server(Path(name, "home")) as (client, server):
        for row, options, slots in (
            ("cold, one at a time", ["--cold"], 1),
            ("warm, one at a time", [], 1),
            (f"warm, {count} at a time on one GPU", [], count),
        ):
            folder = Path(name, row.replace(" ", "-"))
            folder.mkdir()
            print_trials(row, client, server, folder, options, slots, count)


def print_trials(
    row: str, client: Client, server: ServerFile, folder: Path, options: list[str], slots: int, count: int
) -> None:
    """Run `count` trials after the first one of each slot, which includes the slot's start."""
    (folder / "train.py").write_text(TRIAL)
    config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": list(range(count + slots))}}}
    sweep = client.create_sweep(m.SweepCreate(config)).id
    own = {"LIGHTNING_SWEEPS_URL": server.url, "LIGHTNING_SWEEPS_API_KEY": server.token}
    command = [sys.executable, "-m", "lightning_sweeps.tuner", sweep, "--gpus=0", f"--slots={slots}", *options]
    subprocess.run(command, cwd=folder, env={**os.environ, **own}, stdout=subprocess.DEVNULL, timeout=200, check=True)
    found = sorted(client.trials(sweep), key=lambda trial: trial.ended or 0)
    later = found[slots:]
    starts_s = statistics.median(trial.start_s or 0 for trial in later)
    contexts_s = statistics.median(run.summary["context_s"] for run in client.runs(sweep=sweep).runs)
    seconds = (later[-1].ended or 0) - (found[slots - 1].ended or 0)
    print(f"| {row} | {starts_s:.2f} | {contexts_s:.2f} | {seconds / len(later):.2f} | {len(found)} |", flush=True)


class RepeatedGpus:
    """NVML with as many GPUs as asked for: the real ones, again and again."""

    def __init__(self, count: int) -> None:
        self._count = count

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 - NVML's name
        return self._count

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        return pynvml.nvmlDeviceGetHandleByIndex(index % pynvml.nvmlDeviceGetCount())

    def __getattr__(self, name: str) -> Any:
        return getattr(pynvml, name)


def sampling(count: int) -> None:
    """Print what one sample of some GPUs costs, with their processes, as the service takes it."""
    vendor = Nvidia(RepeatedGpus(count))
    vendor.sample()
    started_at, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(SAMPLES):
        vendor.sample()
        vendor.processes(since=time.time() - 10)
    wall_ms, cpu_ms = (
        1e3 * seconds / SAMPLES for seconds in (time.perf_counter() - started_at, time.process_time() - cpu_s)
    )
    print(f"| {count} | {wall_ms:.2f} | {cpu_ms:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="blocks of each logger in the plain loop")
    parser.add_argument("--fits", type=int, default=3, help="fits with each logger")
    parser.add_argument("--trials", type=int, default=8, help="trials after the first of each slot")
    parser.add_argument("--steps-ms", type=int, nargs="+", default=STEPS_MS)
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        for part in arguments.parts:
            print(f"{part}: skipped, no CUDA device")
        sys.exit(SKIPPED)
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    print(
        f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, lightning_sweeps {lightning_sweeps.__version__}"
    )
    head = "| step ms | logger | measured ms | added us | share | waits per step |\n|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as home:
        set_variable("HOME", home)
        set_variable("SERVICE", "off")
        if "loop" in arguments.parts:
            print(f"\nplain loop, 10 scalars per step\n\n{head}")
            for milliseconds in arguments.steps_ms:
                plain_loop(milliseconds, arguments.rounds)
        set_variable("GPU_VALUES", "later")
        if "fits" in arguments.parts:
            print(f"\nLightning, log_every_n_steps=1\n\n{head}")
            for milliseconds in arguments.steps_ms:
                lightning_fits(milliseconds, arguments.fits)
    if "trials" in arguments.parts:
        print("\ntrials on one GPU\n")
        print("| trials | lease to program s | CUDA context s | s per trial | trials |\n|---|---|---|---|---|")
        trials(arguments.trials)
    if "sampling" in arguments.parts:
        print("\none sample by the service\n\n| GPUs | wall ms | CPU ms |\n|---|---|---|")
        for count in SAMPLED_GPUS:
            sampling(count)


if __name__ == "__main__":
    main()
