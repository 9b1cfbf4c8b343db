"""Encodes and decodes journals: bytes to records and back.

A file is a preamble (magic, version), followed by records. A record is

    length: u32, little-endian   size of the payload in bytes, 1 to MAX_PAYLOAD_BYTES
    crc:    u32, little-endian   CRC-32 of the payload
    payload                      msgpack of one struct of `records.py`

Decoding never raises. An incomplete record at the end means that its writer has not finished it. Damage in the middle
is reported with its offsets, and decoding continues at the next record with a valid checksum.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.records import Record

MAGIC = b"LSWJ"
VERSION = 1
PREAMBLE = MAGIC + struct.pack("<HH", VERSION, 0)
FRAME = struct.Struct("<II")
MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A record and its place: bytes `start` to `end` of the journal file."""

    record: Record
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `start` to `end` of the journal file contain no readable record, because of `reason`."""

    start: int
    end: int
    reason: str


def encode(record: Record) -> bytes:
    """Return the bytes of a record, frame and payload."""
    return frame(_encoder.encode(record))


def decode_payload(payload: bytes) -> Record:
    """Return the record of a payload.

    Raises:
        msgspec.DecodeError: the payload is not a record.
    """
    record: Record = _decoder.decode(payload)
    return record


def frame(payload: bytes) -> bytes:
    """Return the payload with its length and checksum in front."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def check_preamble(data: bytes) -> None:
    """Check that `data` begins like a journal that this version can read.

    Raises:
        JournalError: the file is not a journal, or it has a later format version.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or len(data) < len(PREAMBLE):
        raise JournalError("the file is not a journal of lightning-sweeps: its first bytes are different")
    version = int.from_bytes(data[4:6], "little")
    if not 1 <= version <= VERSION:
        raise JournalError(
            f"the journal has format version {version}; this version of lightning-sweeps reads up to {VERSION}",
            hint="upgrade lightning-sweeps",
        )


def decode(data: bytes, offset: int = 0, *, file_offset: int = 0) -> Iterator[JournalEntry | Damage]:
    """Yield every record of `data`, starting at `offset`, and every damaged range between records.

    Stops before an incomplete record at the end. Never raises. Every step advances by at least one byte.

    Args:
        data: bytes of a journal file.
        offset: where in `data` to begin.
        file_offset: where `data` begins in the file.
    """
    view = memoryview(data)
    while offset < len(data):
        entry = _entry_at(view, offset, file_offset)
        if isinstance(entry, JournalEntry):
            yield entry
            offset = entry.end - file_offset
            continue
        following = _next_valid(view, offset + 1)
        if following is None:
            if not isinstance(entry, _Incomplete):
                yield Damage(file_offset + offset, file_offset + len(data), entry)
            return
        reason = "incomplete record" if isinstance(entry, _Incomplete) else entry
        yield Damage(file_offset + offset, file_offset + following, reason)
        offset = following


@dataclass(frozen=True, slots=True)
class _Incomplete:
    """The data ends inside a possible record."""


def _entry_at(view: memoryview, offset: int, file_offset: int = 0) -> JournalEntry | _Incomplete | str:
    """Return the record at `offset`, or the reason why it cannot be read."""
    start = offset + FRAME.size
    if start > len(view):
        return _Incomplete()
    length, crc = FRAME.unpack_from(view, offset)
    if not 1 <= length <= MAX_PAYLOAD_BYTES:
        return f"invalid record length {length}"
    end = start + length
    if end > len(view):
        return _Incomplete()
    payload = view[start:end]
    if zlib.crc32(payload) != crc:
        return "wrong checksum"
    try:
        return JournalEntry(_decoder.decode(payload), file_offset + offset, file_offset + end)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"the payload cannot be decoded ({error})"


def _next_valid(view: memoryview, offset: int) -> int | None:
    """Return the first offset of a complete record, starting at `offset`."""
    for candidate in range(offset, len(view) - FRAME.size):
        is_small_array = 0x91 <= view[candidate + FRAME.size] <= 0x9F  # msgpack: 1 to 15 items, like every payload
        if is_small_array and isinstance(_entry_at(view, candidate), JournalEntry):
            return candidate
    return None
