"""Base class of exporters that write tables: `runs.<name>`, `points.<name>`, and one for each other kind of content."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from lightning_sweeps.exporters.exporter import (
    ARTIFACT_COLUMNS,
    CONSOLE_COLUMNS,
    MEDIA_COLUMNS,
    POINT_COLUMNS,
    ExportedFile,
    ExportedRuns,
    Exporter,
    Row,
)


class TableExporter(Exporter):
    """Writes one file for each table: runs, points, console, media, artifacts.

    Attributes:
        suffix: suffix of the files; empty: the format's name.
    """

    suffix: ClassVar[str] = ""

    def write(self, runs: ExportedRuns, path: Path) -> list[ExportedFile]:
        """Write `runs.<name>` and, if points are wanted, `points.<name>` and the other tables that have a row."""
        runs_file, points_file = self._file(path, "runs"), self._file(path, "points")
        count = self.write_table(runs_file, runs.columns, (run.row for run in runs))
        files = [ExportedFile(runs_file, count, "runs")]
        if runs.includes_points:
            count = self.write_table(points_file, POINT_COLUMNS, runs.points())
            files.append(ExportedFile(points_file, count, "values"))
            files += filter(None, (self._write_more(path, runs, *table) for table in _MORE))
        return files

    def _file(self, path: Path, kind: str) -> Path:
        return path / f"{kind}.{self.suffix or self.name}"

    def _write_more(self, path: Path, runs: ExportedRuns, kind: str, columns: Sequence[str]) -> ExportedFile | None:
        """Write a table of all runs, unless it is empty; an empty file of an earlier export is deleted."""
        file = self._file(path, kind)
        count = self.write_table(file, columns, (row for run in runs for row in getattr(run, kind)))
        if count:
            return ExportedFile(file, count, kind)
        file.unlink()
        return None

    @abstractmethod
    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a table and return the number of its rows.

        Args:
            columns: names of the columns; each row has all of them. Values are numbers, text, booleans, None, or
                maps and lists of these.
            rows: can be iterated only once. They may not fit into memory.
        """


_MORE = (("console", CONSOLE_COLUMNS), ("media", MEDIA_COLUMNS), ("artifacts", ARTIFACT_COLUMNS))


def as_text(value: Any) -> Any:
    """Return a map or list as JSON text, and any other value unchanged: for formats with plain values as cells."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
