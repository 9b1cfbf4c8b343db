"""Enforces `--count` over all slots: each trial needs a claim, a file that only one agent can create."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning_sweeps.core.paths import PRIVATE_FILE, TunerFolder


@dataclass(slots=True)
class TrialQuota:
    """Limits how many trials the agents of one machine run.

    Attributes:
        count: maximum number of trials of all agents; None for no limit.
        folder: the folder that the agents share; None if there is only one agent.
    """

    count: int | None
    folder: TunerFolder | None
    _next: int = 0

    def claim(self) -> bool:
        """Claim one more trial; return False if all are claimed."""
        if self.count is None:
            return True
        while self._next < self.count:
            number, self._next = self._next, self._next + 1
            if self.folder is None or _create(self.folder, number):
                return True
        return False


def _create(folder: TunerFolder, number: int) -> bool:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    try:
        os.close(os.open(folder.trial_claim(number), flags, PRIVATE_FILE))
    except FileExistsError:
        return False
    return True
