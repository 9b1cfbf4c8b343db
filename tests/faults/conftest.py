"""Prints the fault matrix at the end of the test run. `--write-reliability` also writes docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.report import MATRIX

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not MATRIX.lines:
        return
    terminalreporter.section("rows under faults")
    terminalreporter.write_line(MATRIX.table())
    if config.getoption("--write-reliability"):
        PAGE.write_text(MATRIX.page())
