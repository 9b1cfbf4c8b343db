"""Trains on two ranks until the sweep stops it."""

from __future__ import annotations

import os
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from lightning_sweeps import SweepCallback, SweepLogger

FOREVER = 1_000_000


class Model(BoringModel):
    def __init__(self, lr: float) -> None:
        super().__init__()
        self.lr = lr

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = self.step(batch)
        self.log("loss", loss + self.global_rank)
        return loss


def main() -> None:
    torch.set_num_threads(1)
    logger = SweepLogger(mode="grouped")
    assert logger.trial is not None
    print(f"rank {os.environ.get('LOCAL_RANK', '0')} has {logger.trial.params}", flush=True)
    callback = SweepCallback(interval_s=0.2)
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp",
        logger=logger,
        callbacks=[callback],
        max_epochs=FOREVER,
        min_epochs=FOREVER,
        limit_val_batches=1,
        check_val_every_n_epoch=3,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(**logger.trial.params))
    print(f"rank {trainer.global_rank} left after {trainer.global_step}: {callback.stop_reason}", flush=True)


if __name__ == "__main__":
    main()
