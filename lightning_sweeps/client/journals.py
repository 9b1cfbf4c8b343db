"""Operations of journals: upload of their parts, and the committed offset."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport

JOURNAL_CONTENT_TYPE = "application/vnd.lightning-sweeps.journal"
JOURNALS_CONTENT_TYPE = "application/vnd.lightning-sweeps.journals"


class JournalRoutes(Transport):
    """Operations of journals."""

    def send_journal(self, journal_id: str, offset: int, part: bytes) -> m.IngestReply:
        """Upload complete records that begin at byte `offset` of the journal. The server skips those that it has.

        Raises:
            OffsetConflict: the server has fewer than `offset` bytes; continue from `committed`.
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
        """Upload parts of several journals in one request and return one outcome per part.

        Args:
            parts: journal id, byte offset and complete records of each part.
        """
        return self._call(
            "POST",
            "/api/journals",
            list[m.JournalOutcome],
            data=msgspec.msgpack.encode(parts),
            headers={"Content-Type": JOURNALS_CONTENT_TYPE},
        )

    def journal_offset(self, journal_id: str) -> int:
        """Return how many bytes of the journal are committed; 0 for an unknown journal."""
        return self._get(f"/api/journals/{journal_id}", m.IngestReply).offset
