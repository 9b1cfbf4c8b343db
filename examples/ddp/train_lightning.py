"""Trains on digits with PyTorch Lightning on any number of ranks. The logger and callback come from this package.

python train_lightning.py --devices 2                      Lightning starts the second rank
torchrun --nproc-per-node 2 train_lightning.py             torchrun starts both
python train_lightning.py --devices 2 --strategy ddp_spawn
"""

from __future__ import annotations

import argparse
import os
from typing import Any

import lightning.pytorch as pl
import torch
from data import CLASSES, PIXELS, load
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy

from lightning_sweeps import SweepCallback, SweepLogger


class Digits(pl.LightningDataModule):
    """The data. Lightning adds a DistributedSampler to each loader and calls its `set_epoch`."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage: str) -> None:
        self.train_set, self.val_set = load()

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train_set, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.val_set, batch_size=256)


class Classifier(pl.LightningModule):
    """A perceptron with one hidden layer."""

    def __init__(self, lr: float, hidden: int, dropout: float, seed: int) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr = lr
        self.seed = seed
        self.layers = nn.Sequential(
            nn.Linear(PIXELS, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, CLASSES)
        )
        self.loss = nn.CrossEntropyLoss()
        self.accuracy = MulticlassAccuracy(CLASSES, average="micro")

    def on_train_start(self) -> None:
        torch.manual_seed(self.seed + self.global_rank)  # different dropout on each rank; the weights are the same

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        inputs, targets = batch
        loss: Tensor = self.loss(self.layers(inputs), targets)
        self.log("train/loss", loss)  # per rank: mode="grouped" shows a curve for each
        self.log("train/loss_mean", loss, on_step=False, on_epoch=True, sync_dist=True)  # one value for all ranks
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        inputs, targets = batch
        outputs = self.layers(inputs)
        self.accuracy(outputs, targets)
        self.log("val/loss", self.loss(outputs, targets), sync_dist=True)
        self.log("val/accuracy", self.accuracy)  # torchmetrics reduces over the ranks

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    pl.seed_everything(arguments.seed, workers=True, verbose=False)
    devices = int(os.environ.get("LOCAL_WORLD_SIZE", arguments.devices))
    nodes = int(os.environ.get("GROUP_WORLD_SIZE", "1"))
    trainer = pl.Trainer(
        logger=SweepLogger(arguments.project, mode=arguments.mode),
        callbacks=[SweepCallback()],
        strategy=arguments.strategy or ("ddp" if devices * nodes > 1 else "auto"),
        devices=devices,
        num_nodes=nodes,
        max_epochs=arguments.epochs,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model = Classifier(arguments.lr, arguments.hidden, arguments.dropout, arguments.seed)
    trainer.fit(model, Digits(arguments.batch_size))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--batch_size", type=int, default=64, help="images per rank and step")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mode", choices=["single", "grouped", "shared"], default="single")
    parser.add_argument("--devices", type=int, default=1, help="ranks to start, if torchrun has not started them")
    parser.add_argument("--strategy", default="", help="for example ddp_spawn; default: ddp for several ranks")
    parser.add_argument("--project", default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
