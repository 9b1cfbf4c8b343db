"""Keeps delivered journals for a while, and sends them again to a server that has lost rows of them.

A server loses rows when its database is restored from a backup.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.journal.closing import SentPart, end_path
from lightning_sweeps.journal.delivered import DeliveredJournal, find_delivered, kept_path, return_delivered
from lightning_sweeps.messages import JournalOutcome

logger = logging.getLogger("lightning_sweeps.service.delivered_journals")

ASKED_AT_ONCE = 200
CONFLICT = 409
CLEAN_INTERVAL_S = 10.0


@dataclass(slots=True)
class DeliveredJournals:
    """The delivered journals of a home folder.

    Args:
        home: the home folder.
        keep_s: how long a journal is kept after its delivery; 0 deletes it at once.
    """

    home: Home
    keep_s: float
    _cleaned_at: float = 0.0

    def keep(self, journal: Path, *, committed: int) -> None:
        """Move a journal that the server has completely out of the folder of journals.

        Raises:
            OSError: the file cannot be moved or deleted.
        """
        end = end_path(journal)
        if not self.keep_s:
            journal.unlink()
            end.unlink(missing_ok=True)
            return
        make_private_folder(self.home.delivered)
        kept = kept_path(self.home, journal, committed=committed)
        if end.exists():
            end.rename(end_path(kept))
        journal.rename(kept)
        os.utime(kept)  # the time of delivery

    def clean_up(self) -> None:
        """Delete the journals that were kept for long enough. Does nothing most of the time."""
        if time.monotonic() - self._cleaned_at < CLEAN_INTERVAL_S:
            return
        self._cleaned_at = time.monotonic()
        for kept in find_delivered(self.home):
            try:
                if time.time() - kept.path.stat().st_mtime > self.keep_s:
                    kept.path.unlink(missing_ok=True)
                    end_path(kept.path).unlink(missing_ok=True)
            except FileNotFoundError:  # the service of another node was faster
                continue

    def return_missing(self, client: Client) -> int:
        """Move the journals back of which the server has fewer bytes than before, and return how many there were.

        Raises:
            ServerError: the server does not answer.
        """
        kept = list(find_delivered(self.home))
        lost: list[DeliveredJournal] = []
        for at in range(0, len(kept), ASKED_AT_ONCE):
            some = kept[at : at + ASKED_AT_ONCE]
            outcomes = client.send_journals([SentPart(one.id, one.committed, b"") for one in some])
            lost += [one for one, outcome in zip(some, outcomes, strict=True) if _is_lost(one, outcome)]
        for one in lost:
            return_delivered(self.home, one)
        if lost:
            logger.warning("the server has lost rows of %d delivered journals; they are uploaded again", len(lost))
        return len(lost)


def _is_lost(kept: DeliveredJournal, outcome: JournalOutcome) -> bool:
    return outcome.status == CONFLICT and outcome.offset < kept.committed
