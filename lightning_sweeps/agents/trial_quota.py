"""`--count` over several slots: a ticket is a file that only one agent can make, and lets it run one trial."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning_sweeps.core.paths import PRIVATE_FILE, TunerFolder


@dataclass(slots=True)
class Tickets:
    """Trials that may be run: `count` in all, shared through `folder` where the agent has sisters."""

    count: int | None
    folder: TunerFolder | None
    _next: int = 0

    def take(self) -> bool:
        """Take the right to run one more trial; False where all are taken."""
        if self.count is None:
            return True
        while self._next < self.count:
            number, self._next = self._next, self._next + 1
            if self.folder is None or _make(self.folder, number):
                return True
        return False


def _make(folder: TunerFolder, number: int) -> bool:
    try:
        os.close(os.open(folder.ticket(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE_FILE))
    except FileExistsError:
        return False
    return True
