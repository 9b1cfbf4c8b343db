"""A LightningCLI program that does not import this package: logger and callback come from its configuration."""

from __future__ import annotations

from lightning.pytorch.cli import LightningCLI
from lightning.pytorch.demos.boring_classes import BoringDataModule, BoringModel


class Model(BoringModel):
    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()


if __name__ == "__main__":
    LightningCLI(Model, BoringDataModule)
