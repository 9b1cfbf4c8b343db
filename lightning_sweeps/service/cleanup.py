"""Deletes local copies of logged files that are old and that the server has (setting `LIGHTNING_SWEEPS_MEDIA_DAYS`).

Before a file is deleted, a request to the server checks that it has the file. Responses are not cached.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import NotFound

logger = logging.getLogger("lightning_sweeps.service.cleanup")

LONGEST_INTERVAL_S = 3600.0
SHORTEST_INTERVAL_S = 1.0
ROUNDS_PER_KEEP = 10
MAX_FILES_PER_ROUND = 1000


@dataclass(slots=True)
class MediaCleanup:
    """Deletes old copies, one round at a time.

    Args:
        keep_s: how long a copy is kept after it was written; None keeps it forever.
    """

    home: Home
    keep_s: float | None
    _next_at: float = 0.0

    @property
    def wait_s(self) -> float | None:
        """Seconds until the next round; None if cleanup is disabled."""
        return None if self.keep_s is None else max(0.0, self._next_at - time.monotonic())

    def clean_up(self, client: Client) -> int:
        """Run a round if one is due, and return the number of deleted files.

        Raises:
            ServerError: the server does not answer; the round has ended.
            OSError: a file cannot be deleted.
        """
        if self.keep_s is None or self.wait_s:
            return 0
        interval_s = min(max(self.keep_s / ROUNDS_PER_KEEP, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
        self._next_at = time.monotonic() + interval_s
        deleted = 0
        for number, path in enumerate(self._old(self.keep_s)):
            if number == MAX_FILES_PER_ROUND:
                break
            try:
                is_stored = client.blob_state(path.name).is_stored
            except NotFound:  # the row that refers to it may not be uploaded yet
                continue
            if is_stored:
                path.unlink(missing_ok=True)
                deleted += 1
        if deleted:
            logger.info("deleted %d local copies of files that the server has", deleted)
        return deleted

    def _old(self, keep_s: float) -> Iterator[Path]:
        before = time.time() - keep_s
        for path in self.home.media.glob("??/*"):
            try:
                if is_digest(path.name) and path.stat().st_mtime < before:
                    yield path
            except FileNotFoundError:
                continue
