"""Exports runs to files. Each format is one module."""

from __future__ import annotations

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.exporters.exporter import Exporter

EXPORTERS: Registry[type[Exporter]] = Registry(
    "export format",
    "lightning_sweeps.exporters",
    {
        "csv": "lightning_sweeps.exporters.csv_files:CsvExporter",
        "journals": "lightning_sweeps.exporters.journals:JournalExporter",
        "json": "lightning_sweeps.exporters.json_lines:JsonLinesExporter",
        "safe-csv": "lightning_sweeps.exporters.csv_files:SafeCsvExporter",
        "parquet": "lightning_sweeps.exporters.parquet:ParquetExporter",
    },
    required=("name", "description", "write"),
)
