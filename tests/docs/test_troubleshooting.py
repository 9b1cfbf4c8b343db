"""Each message that docs/troubleshooting.md explains exists in the code, and its extras do."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.blocks import ROOT

HEADINGS = re.findall(r"^### (.+)$", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
VALUE = "\0"


@cache
def texts() -> str:
    """Return all texts of the package, with a mark in place of each value."""
    found = []
    for path in (ROOT / "lightning_sweeps").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%s", VALUE, node.value))
    return "\n".join(found).replace("`", "")


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_message_exists(heading: str) -> None:
    message = heading.replace("`", "").strip()
    pattern = "[^\n]*".join(re.escape(piece.strip()) for piece in message.split("..."))
    assert re.search(pattern, texts()), "no message of the package has this text"


def test_messages_are_explained_once() -> None:
    assert len(set(HEADINGS)) == len(HEADINGS) > 20
