"""Code blocks of the docs, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def python_blocks(page: str, heading: str) -> list[str]:
    """Return the Python code blocks below a second-level heading of a docs page, in order."""
    _, found, after = (DOCS / page).read_text().partition(f"\n## {heading}\n")
    assert found, f"`{page}` has no heading `{heading}`"
    return BLOCK.findall(after.partition("\n## ")[0])
