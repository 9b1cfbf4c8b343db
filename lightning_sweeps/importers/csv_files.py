"""Imports CSV files: those of Lightning's CSVLogger with their hyperparameters, and any others with a header line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun
from lightning_sweeps.importers.importer import Importer

METRICS_FILE = "metrics.csv"
"""Name of the metrics file that CSVLogger writes."""
HYPERPARAMETERS_FILE = "hparams.yaml"
STEP_COLUMN = "step"


class CsvImporter(Importer):
    """Reads one run per CSV file. For a file of CSVLogger (`metrics.csv`), the run has the name of its folder."""

    name = "csv"
    description = "CSV files: Lightning's CSVLogger, and others with a header line"
    file_patterns = ("*.csv",)
    leaves_out = "texts"

    def read(self, path: Path) -> Iterator[ImportedRun]:
        """Yield a run for every CSV file; the column `step` is the step, otherwise the line number counted from 0."""
        for file in self.files(path):
            name = (file.parent if file.name == METRICS_FILE else file.with_suffix("")).resolve()
            base = path.resolve() if path.is_dir() else name.parent
            relative = name.relative_to(base).as_posix()
            yield _read_run(file, name.name if relative == "." else relative)


def _read_run(path: Path, name: str) -> ImportedRun:
    time = path.stat().st_mtime
    left_out: Counter[str] = Counter()
    rows: list[ImportedRow] = []
    problem = ""
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        try:
            for number, line in enumerate(csv.DictReader(stream)):
                row = _row(line, number, time, left_out)
                if row is not None:
                    rows.append(row)
        except csv.Error as error:
            problem = f"`{path.name}`: {error}"
    config = _hyperparameters(path.parent / HYPERPARAMETERS_FILE) if path.name == METRICS_FILE else {}
    return ImportedRun(name, {path.name: rows}, config, dict(left_out), problem)


def _row(line: dict[str, Any], number: int, time: float, left_out: Counter[str]) -> ImportedRow | None:
    """Return the numbers of a line, or None if it has none. `number` is the step of a line without a usable step."""
    values = {}
    for name, text in line.items():
        if not isinstance(text, str) or text == "":
            continue
        try:
            values[name] = float(text)
        except ValueError:
            left_out["texts"] += 1
    try:
        step = int(values.pop(STEP_COLUMN, number))
    except (ValueError, OverflowError):  # NaN or infinity
        step = number
    return ImportedRow(step, time, values) if values else None


def _hyperparameters(path: Path) -> dict[str, Any]:
    """Return the hyperparameters that CSVLogger saved; empty if the file contains tags that only Python can load."""
    try:
        found = yaml.safe_load(path.read_text())
    except (FileNotFoundError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
