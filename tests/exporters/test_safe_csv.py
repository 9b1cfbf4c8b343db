"""`safe-csv` writes no cell that a spreadsheet calculates, and changes nothing else."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.exporters import EXPORTERS
from lightning_sweeps.exporters.csv_files import FORMULA_STARTS, SafeCsvExporter
from lightning_sweeps.exporters.exporter import ExportedRun, ExportedRuns

FORMULAS = ["=cmd|calc!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
PLAIN: list[Any] = ["a=1", " =1", "", "text", 1, -1.5, None, True, -7]


def cells(folder: Path, name: str) -> list[list[str]]:
    with (folder / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
def test_text_that_begins_a_formula_is_quoted(tmp_path: Path, formula: str) -> None:
    columns = ("id", "name", formula)
    runs = ExportedRuns(columns, [ExportedRun({"id": "r", "name": formula, formula: -1.5}, [])], includes_points=False)
    (file,) = SafeCsvExporter().write(runs, tmp_path)
    assert file.path.name == "runs.csv"
    assert cells(tmp_path, "runs.csv") == [["id", "name", "'" + formula], ["r", "'" + formula, "-1.5"]]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_other_cells_are_as_in_csv(tmp_path: Path, value: Any) -> None:
    written = []
    for name in ("csv", "safe-csv"):
        folder = tmp_path / name
        folder.mkdir()
        runs = ExportedRuns(("id", "v"), [ExportedRun({"id": "r", "v": value}, [])], includes_points=False)
        EXPORTERS.get(name)().write(runs, folder)
        written.append((folder / "runs.csv").read_bytes())
    assert written[0] == written[1]


@given(st.text() | st.floats() | st.integers() | st.lists(st.text()) | st.none())
def test_no_text_cell_begins_a_formula(value: Any) -> None:
    shown = SafeCsvExporter().cell(value)
    assert not isinstance(shown, str) or not shown.startswith(FORMULA_STARTS)
    assert not isinstance(value, str) or shown.endswith(value)
