"""Tells a program that a journal of it is rejected: it cannot be uploaded.

The service writes one small file for such a journal (`Home.rejection`), and the program looks for it every few seconds
while it logs.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lightning_sweeps.core.paths import Home


class JournalRejections:
    """What this process knows of the rejections of its journals."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def find(self, journal_id: str) -> str:
        """Return why a journal is rejected, as a sentence, or an empty text if it is not."""
        try:
            found: Any = msgspec.json.decode(self._home.rejection(journal_id).read_bytes())
            reason = found["journal"]["reason"]
        except (OSError, msgspec.DecodeError, TypeError, KeyError):
            return ""
        return f"the rows of this run are not uploaded: {reason}"
