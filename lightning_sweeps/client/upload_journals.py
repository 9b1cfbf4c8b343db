"""Uploads complete records of a journal from the committed offset. Used by the service and the command `sync`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.errors import OffsetConflict
from lightning_sweeps.journal.closing import JournalEnd, SentPart
from lightning_sweeps.journal.reader import FilePart, read_part

logger = logging.getLogger("lightning_sweeps.client.upload_journals")

PART_BYTES = 4 * 1024 * 1024


def next_part(path: Path, committed: int) -> FilePart:
    """Return the next complete records after byte `committed`. Damaged bytes are logged and uploaded unchanged."""
    part = read_part(path, committed, limit_bytes=PART_BYTES)
    for damage in part.damages:
        logger.error("`%s`: bytes %d to %d are skipped: %s", path, damage.start, damage.end, damage.reason)
    return part


@dataclass(frozen=True, slots=True)
class JournalUpload:
    """The result of one `upload_journal`.

    Attributes:
        committed: number of bytes of the journal that the server now has.
        parts: number of requests.
        records: number of records in the requests.
    """

    committed: int
    parts: int = 0
    records: int = 0


def upload_journal(
    client: Client, path: Path, journal_id: str, committed: int, *, end: JournalEnd | None = None
) -> JournalUpload:
    """Upload everything after byte `committed`, up to the last complete record of the file, and then its `end`.

    If the server has less than `committed` (it was restored from a backup), the upload continues from its offset.

    Raises:
        ServerError: the server does not answer, or it rejects a part. It keeps the parts that it confirmed.
        OSError: the file cannot be read.
    """
    parts = records = 0
    while True:
        part = next_part(path, committed)
        is_last = part.end == part.start
        if is_last and end is None:
            return JournalUpload(committed, parts, records)
        try:
            reply = client.send_part(SentPart(journal_id, part.start, part.data, end if is_last else None))
        except OffsetConflict as conflict:
            if conflict.committed >= part.start:
                raise
            committed = conflict.committed
            continue
        if is_last:
            return JournalUpload(committed, parts, records)
        committed = reply.offset
        parts += 1
        records += len(part.records)
        if committed <= part.start:  # the part may end inside a record; the server waits for the rest
            return JournalUpload(committed, parts, records)
