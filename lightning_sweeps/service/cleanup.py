"""Local copies of logged files go when they are old and the server has them, where the setting says so.

Whether the server has one is asked of it, file by file: nothing is remembered here, and nothing else is believed.
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

logger = logging.getLogger("lightning_sweeps.service")

LONGEST_INTERVAL_S = 3600.0
SHORTEST_INTERVAL_S = 1.0
ROUNDS_PER_KEEP = 10
MOST_AT_ONCE = 1000
"""Files that one round asks the server for; the next one goes on."""


@dataclass(slots=True)
class Tidying:
    """Takes old copies away, a round at a time.

    Args:
        keep_s: how long they stay, from when they were written; None: for ever.
    """

    home: Home
    keep_s: float | None
    _next_at: float = 0.0

    @property
    def wait_s(self) -> float | None:
        """How long until the next round; None: there is none."""
        return None if self.keep_s is None else max(0.0, self._next_at - time.monotonic())

    def tidy(self, client: Client) -> int:
        """Take away what is old and on the server, if it is time to; return how many files that were.

        Raises:
            ServerError: the server does not answer; the round is over.
            OSError: a file cannot be taken away.
        """
        if self.keep_s is None or self.wait_s:
            return 0
        interval_s = min(max(self.keep_s / ROUNDS_PER_KEEP, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
        self._next_at = time.monotonic() + interval_s
        taken = 0
        for asked, path in enumerate(self._old(self.keep_s)):
            if asked == MOST_AT_ONCE:
                break
            try:
                is_stored = client.blob_state(path.name).is_stored
            except NotFound:  # no row that the server has names it: its row may be on its way
                continue
            if is_stored:
                path.unlink(missing_ok=True)
                taken += 1
        if taken:
            logger.info("took away %d copies of files that the server has", taken)
        return taken

    def _old(self, keep_s: float) -> Iterator[Path]:
        before = time.time() - keep_s
        for path in self.home.media.glob("??/*"):
            try:
                if is_digest(path.name) and path.stat().st_mtime < before:
                    yield path
            except FileNotFoundError:
                continue
