"""Reads the wire format of protocol buffers: the fields of a message, in order.

Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

Value: TypeAlias = "int | bytes"

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Yield the number and the value of each field: an integer for varints, bytes for everything else.

    Raises:
        ValueError: the message is incomplete, or a field has an unknown wire type.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if kind == _LENGTH:
            length, at = _varint(message, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field is incomplete")
        yield tag >> 3, message[at : at + length]
        at += length


def signed(value: int) -> int:
    """Return the signed number of a 64-bit integer in two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(data: bytes, number_format: str) -> list[float]:
    """Return the little-endian numbers in `data`.

    Args:
        number_format: format character of the module `struct`, for example `f` for 4 bytes each, `d` for 8.
    """
    size = struct.calcsize(number_format)
    return list(struct.unpack(f"<{len(data) // size}{number_format}", data[: len(data) // size * size]))


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= len(message):
            raise ValueError("a number is incomplete")
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at + place + 1
    raise ValueError("a number does not end")
