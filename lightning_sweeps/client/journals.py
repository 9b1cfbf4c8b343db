"""Operations of journals: upload of their parts, and the committed offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport
from lightning_sweeps.errors import OffsetConflict, ServerRefused
from lightning_sweeps.journal.closing import SentPart

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

    def send_journals(self, parts: Sequence[SentPart]) -> list[m.JournalOutcome]:
        """Upload parts of several journals in one request and return one outcome per part.

        Args:
            parts: the parts, with the ends of journals whose process is dead.

        Raises:
            ServerRefused: the request was refused as a whole, or the outcomes are not those of these parts.
        """
        outcomes = self._call(
            "POST",
            "/api/journals",
            list[m.JournalOutcome],
            data=msgspec.msgpack.encode([_message(part) for part in parts]),
            headers={"Content-Type": JOURNALS_CONTENT_TYPE},
        )
        is_for_each = [outcome.journal for outcome in outcomes] == [part.journal for part in parts]
        if not is_for_each or any(outcome.offset < 0 for outcome in outcomes):
            raise self._nonsense(f"{len(parts)} parts of journals with {len(outcomes)} outcomes that do not match")
        return outcomes

    def send_part(self, part: SentPart) -> m.JournalOutcome:
        """Upload one part of a journal, with the end of the journal if it is known.

        Raises:
            OffsetConflict: the server has fewer bytes than the part's offset; continue from `committed`.
            ServerRefused: the server refuses the part.
        """
        (outcome,) = self.send_journals([part])
        if outcome.status == OffsetConflict(0).status:
            raise OffsetConflict(outcome.offset)
        if outcome.status != 200:
            raise ServerRefused(outcome.problem, status=outcome.status)
        return outcome

    def journal_offset(self, journal_id: str) -> int:
        """Return how many bytes of the journal are committed; 0 for an unknown journal."""
        offset = self._get(f"/api/journals/{journal_id}", m.IngestReply).offset
        if offset < 0:
            raise self._nonsense(f"the question for the size of a journal with {offset}")
        return offset

    def _nonsense(self, answered: str) -> ServerRefused:
        hint = "check that this is the address of a lightning-sweeps server"
        return ServerRefused(f"`{self.url}` answered {answered}", hint=self._upgrade_hint() or hint)

    def journal_copy(self, journal_id: str) -> Iterator[bytes]:
        """Yield the bytes of a run's journal, as the server writes it again from its database."""
        yield from self._stream(f"/api/journals/{journal_id}/copy", {})

    def rejected(self) -> m.Rejections:
        """Return the journals and records that could not be stored, each with the reason."""
        return self._get("/api/rejected", m.Rejections)

    def set_rejected_journals(self, journals: Sequence[m.RejectedJournal]) -> m.Rejections:
        """Tell the server about journals that stay on this machine."""
        return self._call(
            "POST",
            "/api/rejected/journals",
            m.Rejections,
            data=msgspec.json.encode(journals),
            headers={"Content-Type": "application/json"},
        )

    def retry_rejected(self) -> m.RetryResult:
        """Make the server try again to store the records that were rejected."""
        return self._post("/api/rejected/retry", m.RetryResult)


def _message(part: SentPart) -> SentPart | tuple[str, int, bytes]:
    """Return a part without an end in the form that an older server accepts too."""
    return part if part.end is not None else (part.journal, part.offset, part.data)
