"""Values in the words of Hydra's override grammar: text is quoted wherever Hydra would read something else."""

from __future__ import annotations

import re
from typing import Any

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
"""Text that Hydra reads as text without quotes."""

KEYWORDS = frozenset({"true", "false", "null", "nan", "inf"})


def hydra_value(value: Any) -> str:
    """Return one value as Hydra reads it back: numbers, booleans, None, lists and maps as what they were."""
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
    """Backslashes count in front of a quote only, also of the one that ends the text."""
    return "'" + re.sub(r"(\\*)('|$(?![\s\S]))", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), text) + "'"
