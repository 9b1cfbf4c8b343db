"""Trains on two ranks until it is preempted, and writes its pids. Started again, it resumes and ends soon after."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from lightning_sweeps import SweepCallback, SweepLogger

FOREVER = 1_000_000


class Model(BoringModel):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = self.step(batch)
        self.log("loss", loss)
        return loss


class WritePid(pl.Callback):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        if trainer.global_step == 6:
            temporary = self.folder.parent / f"{trainer.global_rank}.pid"
            temporary.write_text(str(os.getpid()))
            temporary.replace(self.folder / temporary.name)


def main() -> None:
    torch.set_num_threads(1)
    is_stock = bool(os.environ.get("STOCK"))  # without this package, for comparison
    logger = SweepLogger(mode="grouped")
    resumed = logger.resume_path
    own = [] if is_stock else [SweepCallback(interval_s=0.2)]
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy=sys.argv[1] if len(sys.argv) > 1 else "ddp",
        logger=False if is_stock else logger,
        enable_checkpointing=not is_stock,
        callbacks=[*own, WritePid(Path(os.environ["PIDS"]))],
        max_epochs=FOREVER if resumed is None else -1,
        max_steps=-1 if resumed is None else torch.load(resumed, weights_only=True)["global_step"] + 10,
        limit_val_batches=1,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), ckpt_path=resumed)


if __name__ == "__main__":
    main()
