"""Measures what logging adds to a fit of two ranks, with Lightning's CSVLogger and with SweepLogger in every mode.

python -m torch.distributed.run --nproc-per-node 2 -m benchmarks.fit

There is one fit per kind. In it, steps with and without the logger and its callbacks alternate, in random order within
each pair, so other load affects both. The ratio is 1 + (median over the pairs of the difference) / (median of a step
without), with a 95 % interval from resampling the pairs. The table shows wall time and CPU time of the training thread
of rank 0. The target: logging makes the fit at most 1 % slower.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.loggers import CSVLogger, Logger
from numpy.typing import NDArray
from torch.utils.data import DataLoader, TensorDataset

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.core.settings import set_variable

SCALARS = 10
ROW_BYTES = 256
BATCH = 32
WARM_UP_PAIRS = 20
RESAMPLES = 1000


class Model(pl.LightningModule):
    """A perceptron that logs ten numbers in each step. A step takes some milliseconds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Linear(width, width), torch.nn.ReLU(),
            torch.nn.Linear(width, 1),
        )  # fmt: skip

    def training_step(self, batch: Any) -> torch.Tensor:
        loss: torch.Tensor = self.layers(batch[0]).square().mean()
        self.log_dict({f"metric_{index}": loss for index in range(SCALARS)})
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-4)


class NoOpLogger(Logger):
    """Does nothing: what remains is the work of the Trainer, which collects the numbers and copies them to the host."""

    name = "no-op"
    version = 0

    def log_metrics(self, metrics: Any, step: Any = None) -> None: ...

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None: ...


class BareWrite(NoOpLogger):
    """Calls `os.write` once per logging step with the bytes of a row: the minimum for rows to survive the process."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = (folder / f"bare-{os.getpid()}").open("wb", buffering=0)

    def log_metrics(self, metrics: Any, step: Any = None) -> None:  # noqa: ARG002
        os.write(self._file.fileno(), bytes(ROW_BYTES))


class Switch(pl.Callback):
    """Removes the measured logger and callbacks for one half of each pair, and times every step."""

    def __init__(self, measured: list[pl.Callback], *, steps: int) -> None:
        self._measured = measured
        self._steps = steps
        self._random = random.Random(0)  # the same order on every rank
        self._loggers: list[Any] = []
        self._last = (0.0, 0.0)
        self._is_on = True
        self.times: list[tuple[bool, float, float]] = []
        """For each step: whether the logger was present, wall and CPU milliseconds."""

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        now = (time.perf_counter(), time.thread_time())
        step = trainer.global_step
        if step:
            wall, cpu = (1e3 * (new - old) for new, old in zip(now, self._last, strict=True))
            self.times.append((self._is_on, wall, cpu))
        else:
            self._loggers = list(trainer.loggers)
        if step % self._steps == 0:
            is_second = step // self._steps % 2 == 1
            self._is_on = not self._is_on if is_second else self._random.random() < 0.5
            self._switch(trainer)
        self._last = (time.perf_counter(), time.thread_time())

    def _switch(self, trainer: pl.Trainer) -> None:
        trainer.loggers = self._loggers if self._is_on else []
        others = [callback for callback in trainer.callbacks if callback not in self._measured]  # type: ignore[attr-defined]
        trainer.callbacks = [*others, *self._measured] if self._is_on else others  # type: ignore[attr-defined]

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        self._is_on = True
        self._switch(trainer)


Kind = Callable[[Path], tuple[Any, list[pl.Callback]]]
KINDS: dict[str, Kind] = {
    "a logger that does nothing": lambda _: (NoOpLogger(), []),
    "a bare write": lambda folder: (BareWrite(folder), []),
    "CSVLogger": lambda folder: (CSVLogger(folder), []),
    "SweepLogger, single": lambda _: (SweepLogger(), []),
    "SweepLogger, grouped": lambda _: (SweepLogger(mode="grouped"), []),
    "grouped, callback": lambda _: (SweepLogger(mode="grouped"), [SweepCallback(insight=False)]),
    "grouped, callback, insight": lambda _: (SweepLogger(mode="grouped"), [SweepCallback()]),
}


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for name in ("lightning.pytorch", "lightning.fabric", "lightning_sweeps"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        set_variable("HOME", folder)
        set_variable("SERVICE", "off")
        found = {name: fit(kind, Path(folder), arguments) for name, kind in KINDS.items()}
    if int(torch.distributed.get_rank()) == 0:
        report(found, arguments)


def fit(kind: Kind, folder: Path, arguments: argparse.Namespace) -> Switch:
    logger, callbacks = kind(folder)
    switch = Switch(callbacks, steps=arguments.block)
    data = TensorDataset(torch.randn(BATCH * arguments.steps * 2, arguments.width))  # one epoch for both ranks
    trainer = pl.Trainer(
        accelerator="cpu", devices=2, strategy="ddp", logger=logger, callbacks=[*callbacks, switch],
        max_steps=arguments.steps, log_every_n_steps=arguments.log_every, limit_val_batches=0,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(Model(arguments.width), DataLoader(data, batch_size=BATCH))
    return switch


def report(found: dict[str, Switch], arguments: argparse.Namespace) -> None:
    print(f"two ranks, {arguments.steps} steps, {SCALARS} scalars every {arguments.log_every} steps\n")
    print("| | a step without, ms | added, wall us | ratio | 95 % | added, CPU us | ratio | 95 % |")
    print("|---" * 8 + "|")
    for name, switch in found.items():
        wall, cpu = (pairs(switch, column, arguments.block) for column in (1, 2))
        print(f"| {name} | {np.median(wall[0]):.2f} | {added(wall)} | {added(cpu)} |")


def pairs(switch: Switch, column: int, steps: int) -> NDArray[np.float64]:
    """Return the mean time of a step of each pair, without (0) and with (1) the logger, after warm-up: (2, pairs)."""
    count = len(switch.times) // steps // 2
    times = np.array([row[column] for row in switch.times[: 2 * count * steps]]).reshape(2 * count, steps).mean(axis=1)
    is_on = np.array([row[0] for row in switch.times[: 2 * count * steps : steps]])
    return np.stack([times[~is_on][WARM_UP_PAIRS:], times[is_on][WARM_UP_PAIRS:]])


def added(times: NDArray[np.float64]) -> str:
    """Return the added microseconds, the ratio to a step without the logger, and its interval.

    Args:
        times: (2, pairs), in milliseconds.
    """
    generator = np.random.default_rng(0)
    step = np.median(times[0])
    differences = times[1] - times[0]
    middle = np.median(differences)
    drawn = np.median(generator.choice(differences, size=(RESAMPLES, len(differences))), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{1e3 * middle:.0f} | {1 + middle / step:.4f} | {1 + low / step:.4f} to {1 + high / step:.4f}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--block", type=int, default=1, help="steps with, then without the logger, or the other way")
    parser.add_argument("--width", type=int, default=1024, help="512: steps of 10 ms, 1024: of 30 ms, on one core")
    parser.add_argument("--log-every", type=int, default=1, help="Lightning's default is 50")
    return parser.parse_args()


if __name__ == "__main__":
    main()
