"""Exports runs as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.exporters.exporter import Row
from lightning_sweeps.exporters.table_exporter import TableExporter, as_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How text begins that a spreadsheet may calculate instead of showing it."""


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
                writer.writerow([self.cell(row[name]) for name in columns])
                count += 1
        return count

    def cell(self, value: Any) -> Any:
        """Return a value as it is written."""
        return as_text(value)


class SafeCsvExporter(CsvExporter):
    """Writes CSV files in which no cell is a formula for a spreadsheet.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """

    name = "safe-csv"
    suffix = "csv"
    description = "CSV files for spreadsheets: text that a spreadsheet takes for a formula begins with `'`"

    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a CSV file and return the number of rows."""
        names = {self.cell(name): name for name in columns}
        return super().write_table(
            path, list(names), ({shown: row[name] for shown, name in names.items()} for row in rows)
        )

    def cell(self, value: Any) -> Any:
        """Return a value as it is written. Numbers stay as they are."""
        shown = as_text(value)
        return f"'{shown}" if isinstance(shown, str) and shown.startswith(FORMULA_STARTS) else shown
