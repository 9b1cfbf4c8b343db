"""What logging costs a fit of two ranks: with no logger, Lightning's CSVLogger, and ours in every mode.

python -m torch.distributed.run --nproc-per-node 2 -m benchmarks.fit --rounds 9 --steps 300

All kinds take turns in the same two processes, in another order each round, so that what else the machine does hits
them alike; shown are a kind's least and its median over the rounds, the ratio of the least ones and the median of the
ratios within a round. The time of the CPU in the training thread of rank 0 stands beside the wall's: on a machine that
is busy with other things its least value tells most.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.settings import set_variable

WARM_UP = 20
SCALARS = 10


class Model(pl.LightningModule):
    """A perceptron whose step takes some milliseconds, and that logs ten numbers."""

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


class Clock(pl.Callback):
    """Wall and CPU time per step from the end of the warm-up to the last batch."""

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if trainer.global_step == WARM_UP:
            self.started = (time.perf_counter(), time.thread_time())

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        ended = (time.perf_counter(), time.thread_time())
        steps = trainer.global_step - WARM_UP
        self.ms_per_step = [1e3 * (end - start) / steps for start, end in zip(self.started, ended, strict=True)]


Found = dict[str, list[list[float]]]
"""Per kind and round: wall and CPU milliseconds a step."""
Kind = Callable[[Path], tuple[Any, list[pl.Callback]]]
KINDS: dict[str, Kind] = {
    "logger=False": lambda _: (False, []),
    "CSVLogger": lambda folder: (CSVLogger(folder), []),
    "SweepLogger, single": lambda _: (SweepLogger(), []),
    "SweepLogger, grouped": lambda _: (SweepLogger(mode="grouped"), []),
    "callback alone": lambda _: (False, [SweepCallback()]),
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
        found: Found = {name: [] for name in KINDS}
        order = random.Random(0)  # the same order on both ranks
        for _ in range(arguments.rounds):
            for name in order.sample(list(KINDS), len(KINDS)):
                found[name].append(fit(KINDS[name], Path(folder), arguments))
    if int(torch.distributed.get_rank()) == 0:
        report(found, arguments)


def fit(kind: Kind, folder: Path, arguments: argparse.Namespace) -> list[float]:
    logger, callbacks = kind(folder)
    clock = Clock()
    data = TensorDataset(torch.randn(64, arguments.width))
    trainer = pl.Trainer(
        accelerator="cpu", devices=2, strategy="ddp", logger=logger, callbacks=[*callbacks, clock],
        max_steps=arguments.steps, log_every_n_steps=arguments.log_every, limit_val_batches=0,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(Model(arguments.width), DataLoader(data, batch_size=32))
    return clock.ms_per_step


def report(found: Found, arguments: argparse.Namespace) -> None:
    print(f"two ranks, {arguments.steps} steps, a row of {SCALARS} every {arguments.log_every} steps")
    for column, clock in enumerate(("wall", "CPU")):
        print(f"{clock + ' time a step':28}{'least ms':>10}{'ratio':>8}{'median ms':>11}{'ratio':>8}")
        base = [row[column] for row in found["logger=False"]]
        for name, rows in found.items():
            values = [row[column] for row in rows]
            ratios = [value / other for value, other in zip(values, base, strict=True)]
            least, median = min(values), statistics.median(values)
            print(f"{name:28}{least:10.3f}{least / min(base):8.3f}{median:11.3f}{statistics.median(ratios):8.3f}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--log-every", type=int, default=50, help="Lightning's default is 50")
    return parser.parse_args()


if __name__ == "__main__":
    main()
