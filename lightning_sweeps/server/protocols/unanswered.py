"""Counts the operations of other tools' clients that this server has no answer for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

MAX_COUNTED = 1_000


@dataclass(slots=True)
class UnansweredOperations:
    """Counts operations by name and reason. Threads may share an instance."""

    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, operation: str, reason: str) -> None:
        """Count an operation. After `MAX_COUNTED` different ones, further ones are left out."""
        key = (operation, reason)
        with self._lock:
            if key in self._counts or len(self._counts) < MAX_COUNTED:
                self._counts[key] = self._counts.get(key, 0) + 1

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how often each operation was asked for, by its name and the reason why it has no answer."""
        with self._lock:
            return dict(self._counts)
