"""The table of features in docs/dashboard.md: what it says of us is tested."""

from __future__ import annotations

from tests.dashboard.named_tests import ROOT, missing_tests

HEADS = ["feature", "W&B", "Aim", "optuna-dashboard", "TensorBoard", "MLflow", "here", "test"]


def rows() -> list[list[str]]:
    """Return the cells of each row of the table."""
    section = (ROOT / "docs" / "dashboard.md").read_text().partition("### What is there")[2].partition("### ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == HEADS
    return cells[2:]


def test_every_feature_has_all_cells() -> None:
    assert len(rows()) >= 40
    assert all(len(row) == len(HEADS) and all(row[:-1]) for row in rows())


def test_everything_that_is_there_has_a_test_that_exists() -> None:
    claimed = [row for row in rows() if not row[-2].startswith("no")]
    assert [row[0] for row in claimed if not row[-1]] == []
    assert missing_tests(row[-1].strip("`") for row in claimed) == []


def test_what_is_not_there_names_no_test() -> None:
    assert [row[0] for row in rows() if row[-2].startswith("no") and row[-1]] == []
