"""Imports runs that other programs logged: one file per format, and the upload of the runs that they read."""

from __future__ import annotations

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.importers.importer import Importer

IMPORTERS: Registry[type[Importer]] = Registry(
    "import format",
    "lightning_sweeps.importers",
    {
        "csv": "lightning_sweeps.importers.csv_files:CsvImporter",
        "tensorboard": "lightning_sweeps.importers.tensorboard:TensorBoardImporter",
        "wandb": "lightning_sweeps.importers.wandb:WandbImporter",
    },
    required=("name", "description", "recognizes", "read"),
)
