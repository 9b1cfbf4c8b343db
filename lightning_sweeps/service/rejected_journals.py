"""Rejects journals that cannot be uploaded, so that they stop no other one, and tells the server about them.

A file `<journal id>.rejected` beside the journal holds the reason. The journal itself stays. `lightning-sweeps sync
--retry` deletes the file, and the service tries the journal again.
"""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, REJECTED_SUFFIX, Home, write_whole
from lightning_sweeps.messages import RejectedJournal

logger = logging.getLogger("lightning_sweeps.service.rejected_journals")


class _Note(msgspec.Struct, frozen=True):
    """The content of a file: what the server is told, and whether it knows."""

    journal: RejectedJournal
    is_told: bool = False


@dataclass(slots=True)
class RejectedJournals:
    """The journals of a home that are rejected. `ids` may be read by another thread."""

    home: Home
    ids: frozenset[str] = frozenset()
    _untold: dict[str, RejectedJournal] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read the folder: a command may have asked for another try."""
        paths = {
            path.name.removesuffix(REJECTED_SUFFIX): path for path in self.home.journals.glob(f"*{REJECTED_SUFFIX}")
        }
        for journal_id in paths.keys() - self.ids:
            note = _read(paths[journal_id])
            if note is not None and not note.is_told:
                self._untold[journal_id] = note.journal
        self.ids = frozenset(paths)

    def put(self, path: Path, *, run_id: str | None, reason: str) -> None:
        """Reject a journal, unless it is rejected already."""
        journal_id = path.name.removesuffix(JOURNAL_SUFFIX)
        if journal_id in self.ids:
            return
        logger.error("journal %s is rejected: %s", journal_id, reason)
        journal = RejectedJournal(journal_id, run_id, socket.gethostname(), str(path), reason, time.time())
        self.ids |= {journal_id}
        self._untold[journal_id] = journal
        self._write(_Note(journal))

    def tell(self, client: Client) -> None:
        """Tell the server about rejected journals that it does not know yet.

        Raises:
            ServerError: the server does not answer; call again later.
        """
        untold = list(self._untold.values())
        if untold:
            client.set_rejected_journals(untold)
            for journal in untold:
                del self._untold[journal.id]
                self._write(_Note(journal, is_told=True))

    def forget(self, journal_id: str) -> None:
        """Delete the note of a journal that is gone."""
        self.home.rejection(journal_id).unlink(missing_ok=True)
        self.ids -= {journal_id}

    def _write(self, note: _Note) -> None:
        try:
            write_whole(self.home.rejection(note.journal.id), msgspec.json.encode(note), is_synced=False)
        except OSError as error:  # the disk may be full; the next service tries the journal again
            logger.error("cannot note that journal %s is rejected: %s", note.journal.id, error)


def _read(path: Path) -> _Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return None
