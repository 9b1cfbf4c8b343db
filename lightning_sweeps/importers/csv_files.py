"""CSV files: those of Lightning's CSVLogger, with their hyperparameters, and any other with a line of names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lightning_sweeps.importers.imported_run import PastRun, Row

LIGHTNING = "metrics.csv"
HYPERPARAMETERS = "hparams.yaml"
STEP = "step"


def read(root: Path) -> Iterator[PastRun]:
    """Yield a run for every CSV file under `root`; one of CSVLogger is named by its folder."""
    for path in sorted(root.rglob("*.csv")) if root.is_dir() else [root]:
        name = (path.parent if path.name == LIGHTNING else path.with_suffix("")).resolve()
        base = root.resolve() if root.is_dir() else name.parent
        relative = name.relative_to(base).as_posix()
        yield _read_run(path, name.name if relative == "." else relative)


def _read_run(path: Path, name: str) -> PastRun:
    time = path.stat().st_mtime
    left_out: Counter[str] = Counter()
    rows: list[Row] = []
    problem = ""
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        try:
            for number, line in enumerate(csv.DictReader(stream)):
                row = _row(line, number, time, left_out)
                if row is not None:
                    rows.append(row)
        except csv.Error as error:
            problem = f"`{path.name}`: {error}"
    config = _hyperparameters(path.parent / HYPERPARAMETERS) if path.name == LIGHTNING else {}
    return PastRun(name, {path.name: rows}, config, dict(left_out), problem)


def _row(line: dict[str, Any], number: int, time: float, left_out: Counter[str]) -> Row | None:
    """Return a line's numbers; its step is in the column `step`, else its place in the file."""
    values = {}
    for name, text in line.items():
        if not isinstance(text, str) or text == "":
            continue
        try:
            values[name] = float(text)
        except ValueError:
            left_out["texts"] += 1
    try:
        step = int(values.pop(STEP, number))
    except (ValueError, OverflowError):  # not a number, or infinite
        step = number
    return Row(step, time, values) if values else None


def _hyperparameters(path: Path) -> dict[str, Any]:
    """Return what CSVLogger kept of hyperparameters; objects that only Python can build are left out whole."""
    try:
        found = yaml.safe_load(path.read_text())
    except (FileNotFoundError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
