"""Trains on two ranks that see the same samples. The second one is slow, and its parameters diverge."""

from __future__ import annotations

import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from lightning_sweeps import SweepCallback, SweepLogger

STEPS = 40


class Model(BoringModel):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        if self.global_rank == 1:
            time.sleep(0.03)
            if batch_idx == 20:
                with torch.no_grad():
                    self.layer.weight += 1
        return super().training_step(batch, batch_idx)


def main() -> None:
    torch.set_num_threads(1)
    pl.seed_everything(1, verbose=False)  # the same data on both ranks, without a sampler that distributes it
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp",
        logger=SweepLogger(mode="grouped"),
        callbacks=[SweepCallback(interval_s=0.2, check_parameters_every=10)],
        use_distributed_sampler=False,
        max_steps=STEPS,
        limit_val_batches=0,
        log_every_n_steps=10,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(Model())


if __name__ == "__main__":
    main()
