"""Formats values in Hydra's override grammar, with quotes around text that Hydra would not read as text."""

from __future__ import annotations

import re
from typing import Any

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
"""Text that Hydra reads as text without quotes."""

KEYWORDS = frozenset({"true", "false", "null", "nan", "inf"})


def hydra_value(value: Any) -> str:
    """Return a value in a form that Hydra parses back to the same value."""
    if isinstance(value, str):
        is_plain = PLAIN.fullmatch(value) and value.lower() not in KEYWORDS
        return value if is_plain else _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(hydra_value, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{hydra_value(item)}" for key, item in value.items()) + "}"
    return str(value)


def _quoted(text: str) -> str:
    """Double only the backslashes before a quote, including the closing one: Hydra does not unescape others."""
    return "'" + re.sub(r"(\\*)('|$(?![\s\S]))", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), text) + "'"
