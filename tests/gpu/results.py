"""Says on what the checks ran, and prints their results as rows of the table in docs/gpu.md.

`run.sh` loads it as a plugin of pytest. A skipped check says why, and is never counted as passed.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

IS_REHEARSAL = bool(os.environ.get("REHEARSAL"))
REHEARSAL = "REHEARSAL on a stand-in: nothing here was checked on a GPU"
ROOT = Path(__file__).parents[2]


def pytest_report_header() -> list[str]:
    """Return card, versions, commit and date."""
    import lightning
    import torch

    card = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA device"
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = (
        os.environ.get("COMMIT") or subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    )
    return [
        REHEARSAL if IS_REHEARSAL else f"{card}, CUDA {torch.version.cuda or 'none'}",
        f"PyTorch {torch.__version__}, Lightning {lightning.__version__}, Python {platform.python_version()}",
        f"commit {commit or 'unknown (set COMMIT)'}, {time.strftime('%Y-%m-%d', time.gmtime())}",
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the rows, and how many checks passed, failed and were skipped."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    results = results_of(report for report in reports if isinstance(report, pytest.TestReport))
    terminalreporter.section(REHEARSAL if IS_REHEARSAL else "rows for docs/gpu.md")
    for check, result in results.items():
        terminalreporter.write_line(f"| {check} | {result} |")
    terminalreporter.write_line(counts(results))


def results_of(reports: Iterable[pytest.TestReport]) -> dict[str, str]:
    """Return the result of each check by its name in words."""
    results: dict[str, str] = {}
    for report in reports:
        if report.when == "call" or not report.passed:
            results[_check(report.nodeid)] = _result(report)
    return results


def counts(results: dict[str, str]) -> str:
    """Return how many checks passed, failed and were skipped."""
    words = ("passed", "failed", "skipped")
    return ", ".join(f"{sum(result.startswith(word) for result in results.values())} {word}" for word in words)


def _result(report: pytest.TestReport) -> str:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return f"skipped: {reason.removeprefix('Skipped: ')}"
    return f"passed, {report.duration:.1f} s" if report.passed else "failed"


def _check(name: str) -> str:
    return name.rpartition("::")[2].removeprefix("test_").replace("_", " ").replace("[", " [", 1)
