"""The contract test of exporters.

Derive a test class, override the fixture, and run it with pytest::

    class TestMyExporter(ExporterContract):
        @pytest.fixture
        def exporter(self) -> Exporter:
            return MyExporter()
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.exporters.exporter import POINT_COLUMNS, ExportedRun, ExportedRuns, Exporter, Row

COLUMNS = ("id", "name", "rank", "state", "created", "ended", "rows", "tags", "config", "summary")
VALUES = (0.1, -1e300, 0.0, math.nan, math.inf, -math.inf)


class Points:
    """The points of one run; counts how often they are iterated."""

    def __init__(self, run_id: str, count: int) -> None:
        self.run_id = run_id
        self.count = count
        self.iterations = 0

    def __iter__(self) -> Iterator[Row]:
        self.iterations += 1
        for number in range(self.count):
            value = VALUES[number % len(VALUES)]
            cells: tuple[Any, ...] = (self.run_id, "val/ä", "j-1", number, number - 1, 1.7e9, value, number == 0, None)
            yield dict(zip(POINT_COLUMNS, cells, strict=True))


def make_run(run_id: str, *, points: int) -> ExportedRun:
    """Return a run with text, missing values, maps and lists, and with `points` points."""
    config = {"lr": 0.1, "net": {"depth": 3, "name": 'a "quoted", long\nname'}}
    cells: tuple[Any, ...] = (run_id, "ünïcode", 0, "running", 1.7e9, None, points, ["a", "b"], config, {})
    return ExportedRun(dict(zip(COLUMNS, cells, strict=True)), Points(run_id, points))


class ExporterContract:
    """What every exporter guarantees."""

    @pytest.fixture
    def exporter(self) -> Exporter:
        """Return the exporter to test."""
        raise NotImplementedError("override the fixture `exporter`")

    def test_it_describes_itself(self, exporter: Exporter) -> None:
        assert exporter.name and exporter.name == exporter.name.strip().lower()
        assert exporter.description

    def test_it_writes_files_into_the_folder_and_counts_their_rows(self, exporter: Exporter, tmp_path: Path) -> None:
        files = exporter.write(_runs(5, 7), tmp_path)
        assert files and all(file.path.is_file() and tmp_path in file.path.parents for file in files)
        assert {file.path for file in files} == {path for path in tmp_path.rglob("*") if path.is_file()}
        assert 2 in [file.count for file in files if file.kind == "runs"]
        assert sum(file.count for file in files if file.kind == "values") == 12

    def test_it_reads_the_points_of_a_run_once(self, exporter: Exporter, tmp_path: Path) -> None:
        """Every iteration fetches the points from the server again."""
        runs = _runs(3)
        exporter.write(runs, tmp_path)
        (points,) = (run.points for run in runs)
        assert isinstance(points, Points) and points.iterations == 1

    def test_it_does_not_read_points_that_are_not_wanted(self, exporter: Exporter, tmp_path: Path) -> None:
        runs = ExportedRuns(COLUMNS, [ExportedRun(make_run("r", points=0).row, ())], includes_points=False)
        assert all(file.kind != "values" for file in exporter.write(runs, tmp_path))

    def test_it_writes_an_export_without_runs(self, exporter: Exporter, tmp_path: Path) -> None:
        assert sum(file.count for file in exporter.write(_runs(), tmp_path)) == 0

    def test_it_replaces_an_earlier_export(self, exporter: Exporter, tmp_path: Path) -> None:
        exporter.write(_runs(5), tmp_path)
        first = exporter.write(_runs(2), tmp_path)
        contents = [file.path.read_bytes() for file in first]
        assert [file.path.read_bytes() for file in exporter.write(_runs(2), tmp_path)] == contents
        assert sum(file.count for file in first if file.kind == "values") == 2


def _runs(*points: int) -> ExportedRuns:
    """Return one run for each number of points."""
    return ExportedRuns(COLUMNS, [make_run(f"r-{number}", points=count) for number, count in enumerate(points)])
