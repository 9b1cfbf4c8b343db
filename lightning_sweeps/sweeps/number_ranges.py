"""Numbers in a short form: `1-3,7` are 1, 2, 3 and 7."""

from __future__ import annotations

import re

from lightning_sweeps.errors import UsageError

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
MAX_NUMBERS = 1_000_000


def parse_ranges(text: str) -> frozenset[int]:
    """Return the numbers that a text lists.

    Raises:
        UsageError: the text lists something else, or too many numbers.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first = int(match.group(1)) if match else 0
        last = int(match.group(2) or first) if match else -1
        if last < first or len(found) + last - first >= MAX_NUMBERS:
            raise UsageError(
                f"`{part.strip()[:100]}` is no range of numbers, allowed: numbers and ranges such as `1-3,7`,"
                f" at most {MAX_NUMBERS} numbers"
            )
        found.update(range(first, last + 1))
    return frozenset(found)
