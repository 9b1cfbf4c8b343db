"""Base class of exporters that write two tables: `runs.<name>` and `points.<name>`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps.exporters.exporter import POINT_COLUMNS, ExportedFile, ExportedRuns, Exporter, Row


class TableExporter(Exporter):
    """Writes the table of runs and the table of points, each into one file with the format's name as its suffix."""

    def write(self, runs: ExportedRuns, path: Path) -> list[ExportedFile]:
        """Write `runs.<name>` and, if points are wanted, `points.<name>`."""
        runs_file, points_file = path / f"runs.{self.name}", path / f"points.{self.name}"
        count = self.write_table(runs_file, runs.columns, (run.row for run in runs))
        files = [ExportedFile(runs_file, count, "runs")]
        if runs.includes_points:
            count = self.write_table(points_file, POINT_COLUMNS, runs.points())
            files.append(ExportedFile(points_file, count, "values"))
        return files

    @abstractmethod
    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a table and return the number of its rows.

        Args:
            columns: names of the columns; each row has all of them. Values are numbers, text, booleans, None, or
                maps and lists of these.
            rows: can be iterated only once. They may not fit into memory.
        """


def as_text(value: Any) -> Any:
    """Return a map or list as JSON text, and any other value unchanged: for formats with plain values as cells."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
