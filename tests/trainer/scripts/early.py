"""Uses the run before the process group exists, as many programs do, and trains one step on two ranks."""

from __future__ import annotations

import lightning.pytorch as pl
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from lightning_sweeps import SweepCallback, SweepLogger


def main() -> None:
    torch.set_num_threads(1)
    logger = SweepLogger(mode="grouped")
    logger.experiment.config.update({"early": 1})
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp",
        logger=logger,
        callbacks=[SweepCallback()],
        max_steps=1,
        limit_val_batches=0,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(BoringModel())


if __name__ == "__main__":
    main()
