"""Shipping journals to the server: whole records, from the committed offset on, until the server has everything.

The server's committed offset is the only truth; after a restart or a doubt it is asked for. A journal file is deleted
when its owner is dead, its end is written and the server has committed its last byte: never before.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.errors import OffsetConflict, ServerRefused
from lightning_sweeps.journal.closing import is_closed
from lightning_sweeps.messages import Command
from lightning_sweeps.node import is_alive
from lightning_sweeps.paths import Home, write_whole
from lightning_sweeps.service.book import Journal, JournalBook
from lightning_sweeps.shipping import send_rest

logger = logging.getLogger("lightning_sweeps.service")

SHIP_INTERVAL_S = 0.5
"""A journal that grows is shipped this often: how far behind training the server is."""
ASK_INTERVAL_S = 2.0
"""A journal that does not grow asks this often whether its run is to stop."""
ASIDE_S = 60.0
"""A journal that the server refuses waits this long."""
REFUSED_FOR_GOOD = (400, 404, 413, 422)
"""Answers that are about this journal; any other is about the server, and all journals wait."""


@dataclass(slots=True)
class Progress:
    """How far one journal is: `committed` is None until the server was asked."""

    committed: int | None = None
    next_at: float = 0.0
    asked_at: float = 0.0
    stop_reason: str | None = None


@dataclass(slots=True)
class Shipper:
    """Ships the journals of one node; one instance, one thread."""

    home: Home
    book: JournalBook
    _progress: dict[str, Progress] = field(default_factory=dict)

    def ship(self, client: Client) -> bool:
        """Ship what is due; return whether anything was sent.

        Raises:
            ServerUnreachable, Unauthorized: nothing more can be shipped now; ask again later.
        """
        self.book.refresh()
        for gone in self._progress.keys() - self.book.journals.keys():
            del self._progress[gone]
        now = time.monotonic()
        sent = False
        for name, journal in list(self.book.journals.items()):
            progress = self._progress.setdefault(name, Progress())
            if now >= progress.next_at:
                sent |= self._ship_one(client, journal, progress)
        return sent

    def pending_bytes(self) -> int:
        """Return how many bytes lie in journals that the server has not confirmed."""
        total = 0
        for name, journal in self.book.journals.items():
            known = self._progress.get(name)
            try:
                total += journal.path.stat().st_size - ((known.committed or 0) if known else 0)
            except FileNotFoundError:
                continue
        return total

    def committed(self) -> dict[str, int]:
        """Return, by journal id, how many bytes the server has."""
        return {
            journal.id: known.committed
            for name, journal in self.book.journals.items()
            if (known := self._progress.get(name)) is not None and known.committed is not None
        }

    def _ship_one(self, client: Client, journal: Journal, progress: Progress) -> bool:
        try:
            return self._send_new(client, journal, progress)
        except FileNotFoundError:
            logger.error("journal `%s` is gone before it was shipped", journal.path)
        except OffsetConflict as conflict:
            progress.committed = conflict.committed
        except ServerRefused as refusal:
            if refusal.status not in REFUSED_FOR_GOOD:
                raise
            logger.error("journal %s is refused: %s; tried again in %d s", journal.id, refusal.message, ASIDE_S)
            progress.next_at = time.monotonic() + ASIDE_S
        return False

    def _send_new(self, client: Client, journal: Journal, progress: Progress) -> bool:
        if progress.committed is None:
            progress.committed = client.journal_offset(journal.id)
            if journal.header.run is not None and progress.committed == 0:
                self.home.stop(journal.header.run.id).unlink(missing_ok=True)  # of an attempt before this one
        owner_lives = is_alive(journal.owner.pid, journal.owner.started)  # asked before the read: nothing comes after
        shipment = send_rest(
            client,
            journal.path,
            journal.id,
            progress.committed,
            obey=lambda commands: self._obey(commands, progress),
        )
        progress.committed = shipment.committed
        sent = shipment.parts > 0
        now = time.monotonic()
        progress.next_at = now + SHIP_INTERVAL_S
        if sent:
            progress.asked_at = now
        elif now - progress.asked_at >= ASK_INTERVAL_S and owner_lives:
            progress.asked_at = now
            self._obey(client.send_journal(journal.id, progress.committed, b"").commands, progress)
        if not owner_lives and self._is_complete(journal, progress):
            self._delete(journal)
        return sent

    def _is_complete(self, journal: Journal, progress: Progress) -> bool:
        if progress.committed != journal.path.stat().st_size:
            return False
        return is_closed(journal.path)

    def _delete(self, journal: Journal) -> None:
        journal.path.unlink()
        if journal.header.run is not None:
            self.home.stop(journal.header.run.id).unlink(missing_ok=True)

    def _obey(self, commands: list[Command], progress: Progress) -> None:
        for command in commands:
            if command.reason != progress.stop_reason:
                progress.stop_reason = command.reason
                write_whole(self.home.stop(command.target), msgspec.json.encode({"reason": command.reason}))
