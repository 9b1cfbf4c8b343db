"""Measures the hooks of SweepCallback and the methods of SweepLogger, called directly inside a running fit.

python -m benchmarks.hooks

The result is the CPU time of the training thread, the minimum of several series, so other load has little effect.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.demos.boring_classes import BoringModel

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.core.settings import set_variable

CALLS = 5_000
SERIES = 7


class Probe(pl.Callback):
    """Calls the hooks of another callback many times at one batch of a fit."""

    def __init__(self, callback: SweepCallback, *, is_logging_step: bool) -> None:
        self.callback = callback
        self.step = 10 if is_logging_step else 3
        self.us = 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step != self.step:
            return
        callback = self.callback

        def one_step() -> None:
            callback.on_train_batch_start(trainer, module, batch, batch_idx)
            callback.on_before_backward(trainer, module, None)
            callback.on_before_optimizer_step(trainer, module, None)
            callback.on_train_batch_end(trainer, module, outputs, batch, batch_idx)

        self.us = cost_us(one_step)


def main() -> None:
    warnings.simplefilter("ignore")
    for name in ("lightning.pytorch", "lightning.fabric", "lightning_sweeps"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        set_variable("HOME", folder)
        set_variable("SERVICE", "off")
        print("hooks, a step without a row ", f"{hooks_us(folder, insight=False):8.2f} us")
        print("  with insight              ", f"{hooks_us(folder, insight=True):8.2f} us")
        print("  with insight, and its row ", f"{hooks_us(folder, insight=True, is_logging_step=True):8.2f} us")
        logger = SweepLogger()
        row = {f"metric_{index}": 0.5 * index for index in range(10)}
        run = logger.experiment
        print("Run.log of 10 numbers       ", f"{cost_us(lambda: run.log(row, 1)):8.2f} us")
        print("SweepLogger.log_metrics     ", f"{cost_us(lambda: logger.log_metrics(row, 1)):8.2f} us")
        print("SweepLogger.version         ", f"{cost_us(lambda: logger.version):8.2f} us")
        logger.finalize("success")


def hooks_us(folder: str, *, insight: bool, is_logging_step: bool = False) -> float:
    callback = SweepCallback(insight=insight)
    probe = Probe(callback, is_logging_step=is_logging_step)
    trainer = pl.Trainer(
        accelerator="cpu", devices=1, logger=SweepLogger(mode="grouped"), callbacks=[callback, probe], max_steps=10,
        log_every_n_steps=10, limit_val_batches=0, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(BoringModel())
    return probe.us


def cost_us(call: Callable[[], Any]) -> float:
    """Return the smallest CPU time of one call, in microseconds."""
    least = float("inf")
    for _ in range(SERIES):
        started = time.thread_time()
        for _ in range(CALLS):
            call()
        least = min(least, (time.thread_time() - started) / CALLS)
    return 1e6 * least


if __name__ == "__main__":
    main()
