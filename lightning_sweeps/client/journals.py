"""Journals: what a service sends, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport

JOURNAL_CONTENT_TYPE = "application/vnd.lightning-sweeps.journal"
JOURNALS_CONTENT_TYPE = "application/vnd.lightning-sweeps.journals"


class JournalRoutes(Transport):
    def send_journal(self, journal_id: str, offset: int, part: bytes) -> m.IngestReply:
        """Send whole records that lie at `offset` of the journal; the server skips what it already has.

        Raises:
            OffsetConflict: the server has less than `offset`; send again from its `committed`.
        """
        return self._call(
            "POST",
            f"/api/journals/{journal_id}",
            m.IngestReply,
            params={"offset": offset},
            data=part,
            headers={"Content-Type": JOURNAL_CONTENT_TYPE},
        )

    def send_journals(self, parts: Sequence[tuple[str, int, bytes]]) -> list[m.JournalOutcome]:
        """Send parts of several journals at once: (journal id, offset, whole records) each; one outcome for each."""
        return self._call(
            "POST",
            "/api/journals",
            list[m.JournalOutcome],
            data=msgspec.msgpack.encode(parts),
            headers={"Content-Type": JOURNALS_CONTENT_TYPE},
        )

    def journal_offset(self, journal_id: str) -> int:
        """Return how many bytes of the journal are committed; 0 for one that the server has never seen."""
        return self._get(f"/api/journals/{journal_id}", m.IngestReply).offset
