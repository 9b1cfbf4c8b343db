"""Exports runs as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from lightning_sweeps.exporters.exporter import Row
from lightning_sweeps.exporters.table_exporter import TableExporter, as_text


class CsvExporter(TableExporter):
    """Writes CSV files with a header line; maps and lists are JSON text."""

    name = "csv"
    description = "CSV files with a header line; maps and lists are JSON text"

    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a CSV file and return the number of rows."""
        count = 0
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            for row in rows:
                writer.writerow([as_text(row[name]) for name in columns])
                count += 1
        return count
