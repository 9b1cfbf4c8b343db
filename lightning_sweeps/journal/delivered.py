"""Names and finds the journals that were delivered and are kept for a while.

The name of a kept file has the number of bytes that the server had confirmed: `<journal>.<bytes>.journal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home, make_private_folder
from lightning_sweeps.journal.closing import end_path


@dataclass(frozen=True, slots=True)
class DeliveredJournal:
    """A kept file, the id of its journal, and how many of its bytes the server had."""

    path: Path
    id: str
    committed: int


def kept_path(home: Home, journal: Path, *, committed: int) -> Path:
    """Return where a journal is kept after its delivery."""
    return home.delivered / f"{journal.name.removesuffix(JOURNAL_SUFFIX)}.{committed}{JOURNAL_SUFFIX}"


def find_delivered(home: Home) -> Iterator[DeliveredJournal]:
    """Yield the kept journals of a home folder."""
    for path in sorted(home.delivered.glob(f"*{JOURNAL_SUFFIX}")):
        journal_id, _, committed = path.name.removesuffix(JOURNAL_SUFFIX).rpartition(".")
        if journal_id and committed.isdecimal():
            yield DeliveredJournal(path, journal_id, int(committed))


def return_delivered(home: Home, kept: DeliveredJournal) -> None:
    """Move a kept journal back into the folder of journals, so that the service uploads what the server lacks.

    Raises:
        OSError: the file cannot be moved.
    """
    make_private_folder(home.journals)
    journal = home.journal(kept.id)
    if end_path(kept.path).exists():
        end_path(kept.path).rename(end_path(journal))
    kept.path.rename(journal)
