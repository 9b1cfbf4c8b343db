"""Reads a journal file while its process writes to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.format import (
    FRAME,
    MAX_PAYLOAD_BYTES,
    PREAMBLE,
    Damage,
    JournalEntry,
    check_preamble,
    decode,
)
from lightning_sweeps.journal.records import Header, Record

HEADER_LIMIT_BYTES = MAX_PAYLOAD_BYTES + FRAME.size + len(PREAMBLE)


@dataclass(frozen=True, slots=True)
class FilePart:
    """Complete records of a journal file from byte `start` to `end`: as bytes (`data`) and decoded (`records`)."""

    start: int
    end: int
    data: bytes
    records: tuple[Record, ...]
    damages: tuple[Damage, ...]


def read_header(path: Path) -> Header | None:
    """Return the header of a journal, or None if it is not written yet.

    Raises:
        JournalError: the file is not a journal, or its header is damaged.
    """
    with path.open("rb") as stream:
        data = stream.read(HEADER_LIMIT_BYTES)
    if len(data) < len(PREAMBLE):
        return None
    check_preamble(data)
    for entry in decode(data, len(PREAMBLE)):
        if isinstance(entry, JournalEntry) and isinstance(entry.record, Header):
            return entry.record
        raise JournalError(f"the header of `{path}` is damaged")
    return None


def read_part(path: Path, start: int, *, limit_bytes: int) -> FilePart:
    """Return the complete records from byte `start`, without an incomplete record at the end.

    If `start` is 0, the part begins with the preamble. Damaged ranges between records stay in `data`.

    Args:
        limit_bytes: approximate number of bytes to read; a larger single record is read completely.
    """
    part = _read(path, start, limit_bytes)
    if part.end == part.start:  # a single record may be larger than the limit
        part = _read(path, start, max(limit_bytes, HEADER_LIMIT_BYTES))
    return part


def _read(path: Path, start: int, limit_bytes: int) -> FilePart:
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read(limit_bytes)
    skip = len(PREAMBLE) if start == 0 else 0
    end = start
    records: list[Record] = []
    damages: list[Damage] = []
    for item in decode(data, skip, file_offset=start):
        if isinstance(item, JournalEntry):
            records.append(item.record)
            end = item.end
        elif item.end < start + len(data):  # damage up to the end may be a record that the limit cuts off
            damages.append(item)
    return FilePart(start, end, data[: end - start], tuple(records), tuple(damages))
