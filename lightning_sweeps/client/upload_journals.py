"""Sending one journal to the server: whole records, from the committed offset on. Used by the service and by `sync`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.errors import OffsetConflict
from lightning_sweeps.journal.reader import Part, read_part

logger = logging.getLogger("lightning_sweeps.client.upload_journals")

PART_BYTES = 4 * 1024 * 1024


def next_part(path: Path, committed: int) -> Part:
    """Return the next whole records behind `committed`; damage among them is logged, it is the server's to skip."""
    part = read_part(path, committed, limit_bytes=PART_BYTES)
    for damage in part.damages:
        logger.error("%s: bytes %d to %d skipped: %s", path, damage.start, damage.end, damage.reason)
    return part


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one `send_rest` did: `committed` bytes are now on the server, `parts` requests carried `records` records."""

    committed: int
    parts: int = 0
    records: int = 0


def send_rest(client: Client, path: Path, journal_id: str, committed: int) -> Shipment:
    """Send everything that lies behind `committed`; return when the file has no further whole record.

    A server that has less than it once said (restored from a backup) is believed: sending goes back to its offset.

    Raises:
        ServerError: the server does not answer or refuses; what it confirmed before that is kept there.
        OSError: the file cannot be read.
    """
    parts = records = 0
    while True:
        part = next_part(path, committed)
        if part.end == part.start:
            return Shipment(committed, parts, records)
        try:
            reply = client.send_journal(journal_id, part.start, part.data)
        except OffsetConflict as conflict:
            if conflict.committed >= part.start:
                raise
            committed = conflict.committed
            continue
        committed = reply.offset
        parts += 1
        records += len(part.records)
        if committed <= part.start:  # the server waits for the rest of what may be a record: so does the sender
            return Shipment(committed, parts, records)
