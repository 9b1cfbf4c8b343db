"""Reading a journal file while its owner still writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.format import FRAME, MAX_PAYLOAD_BYTES, PREAMBLE, Damage, Entry, check_preamble, decode
from lightning_sweeps.journal.records import Header, Record

HEADER_LIMIT_BYTES = MAX_PAYLOAD_BYTES + FRAME.size + len(PREAMBLE)


@dataclass(frozen=True, slots=True)
class Part:
    """Whole records of a journal from byte `start` to `end`, as they lie in the file and as decoded."""

    start: int
    end: int
    data: bytes
    records: tuple[Record, ...]
    damages: tuple[Damage, ...]


def read_header(path: Path) -> Header | None:
    """Return whose journal this is, or None where the header is not written yet.

    Raises:
        JournalError: the file is no journal, or its header is damaged.
    """
    with path.open("rb") as stream:
        data = stream.read(HEADER_LIMIT_BYTES)
    if len(data) < len(PREAMBLE):
        return None
    check_preamble(data)
    for entry in decode(data, len(PREAMBLE)):
        if isinstance(entry, Entry) and isinstance(entry.record, Header):
            return entry.record
        raise JournalError(f"`{path}` has no header: its first record is damaged")
    return None


def read_part(path: Path, start: int, *, limit_bytes: int) -> Part:
    """Return the whole records from byte `start` on, about `limit_bytes` of them; an incomplete tail is left out.

    At `start` 0 the part begins with the preamble. Damaged stretches between records stay in `data`.
    """
    part = _read(path, start, limit_bytes)
    if part.end == part.start:  # one record may be larger than the limit
        part = _read(path, start, max(limit_bytes, HEADER_LIMIT_BYTES))
    return part


def _read(path: Path, start: int, limit_bytes: int) -> Part:
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read(limit_bytes)
    skip = len(PREAMBLE) if start == 0 else 0
    end = 0
    records: list[Record] = []
    damages: list[Damage] = []
    for item in decode(data, skip):
        if isinstance(item, Entry):
            records.append(item.record)
            end = item.end
        elif item.end < len(data):  # damage up to the end may be a record that is cut by the limit
            damages.append(Damage(start + item.start, start + item.end, item.reason))
    return Part(start, start + end, data[:end], tuple(records), tuple(damages))
