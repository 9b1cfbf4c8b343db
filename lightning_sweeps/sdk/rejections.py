"""Tells a program that its rows are not uploaded: a journal is rejected, or the server refuses them all.

The service writes one small file for a rejected journal (`Home.rejection`), and the server's refusal of the
API key or of this version into its state file. The program looks for both every few seconds while it logs.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.node import node_id


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
            return self._refusal()
        return f"the rows of this run are not uploaded: {reason}"

    def _refusal(self) -> str:
        """Return why the server accepts nothing from this machine, if the service says so."""
        try:
            found: Any = msgspec.json.decode(self._home.service_state(node_id()).read_bytes())
            refusal = str(found["refusal"])
        except (OSError, msgspec.DecodeError, TypeError, KeyError):
            return ""
        return f"{refusal}; until then, rows wait on this machine" if refusal else ""
