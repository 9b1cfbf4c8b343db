"""Accessibility checks: violations of WCAG 2 A and AA that axe finds in the current page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.browser import Browser

AXE = Path(__file__).parents[2] / "dashboard/node_modules/axe-core/axe.min.js"
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


def violations(page: Browser) -> list[tuple[str, list[str]]]:
    """Return each violated rule with the elements that violate it. Skip the test if axe is not installed."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `python hatch_build.py npm ls`")
    page.run(AXE.read_text())
    asked = f"axe.run(document, {json.dumps(OPTIONS)}).then(arguments[arguments.length - 1])"
    report: dict[str, Any] = page.run_async(asked)
    return [(fault["id"], [node["html"][:160] for node in fault["nodes"][:3]]) for fault in report["violations"]]
