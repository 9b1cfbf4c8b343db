"""Signatures of console lines: which blocks of lines may contain a text. Pure functions.

A signature is a bitmap of what is in a block, in lower case: its trigrams (three neighbouring bytes), and the starts of
its numbers with the byte before them. Numbers need their own rule, because a log has all trigrams of digits in every
block. A text that is not in a block may have all its bits there, so the lines of the block decide; a block that lacks
one of them is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK_LINES = 1024
"""Number of lines of a block."""
BITS = 1 << 16
TRIGRAM = 3
NUMBER_LENGTHS = range(3, 7)
"""Numbers of digits of the starts of numbers."""
_FACTOR, _SHIFT = np.uint32(2_654_435_761), np.uint32(15)

Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint32]


def signature(lines: Iterable[str]) -> bytes:
    """Return the signature of some lines: `BITS` bits."""
    bits = np.zeros(BITS, dtype=np.bool_)
    for found in _bits("\n".join(lines)):
        bits[found] = True
    return np.packbits(bits).tobytes()


def joined(first: bytes, second: bytes) -> bytes:
    """Return the signature of the lines of two signatures."""
    return np.bitwise_or(np.frombuffer(first, np.uint8), np.frombuffer(second, np.uint8)).tobytes()


def is_selective(text: str) -> bool:
    """Return whether signatures can exclude blocks for a text."""
    return len(text.lower().encode()) >= TRIGRAM


def may_contain(signatures: Sequence[bytes], text: str) -> NDArray[np.bool_]:
    """Return for each of n signatures whether its lines may contain `text`, in upper or lower case: (n,)."""
    needed = np.unique(np.concatenate(list(_bits(text))))
    bitmaps = np.frombuffer(b"".join(signatures), np.uint8).reshape(len(signatures), BITS // 8)
    return np.asarray((bitmaps[:, needed >> 3] & (0x80 >> (needed & 7)) != 0).all(axis=1))


def _bits(text: str) -> Iterator[Hashes]:
    """Yield the bits of the trigrams of a text, and those of its numbers by the length of their starts."""
    codes: Bytes = np.frombuffer(text.lower().encode(), np.uint8)
    trigrams = max(len(codes) - TRIGRAM + 1, 0)
    yield _hashes([codes[at : at + trigrams] for at in range(TRIGRAM)])
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    before = np.flatnonzero(is_digit[1:] & ~is_digit[:-1])  # the byte before each number
    for length in range(2, NUMBER_LENGTHS.stop):
        before = before[before + length < len(codes)]
        before = before[is_digit[before + length]]  # the numbers that have so many digits
        if length in NUMBER_LENGTHS:
            yield _hashes([codes[before + at] for at in range(length + 1)])


def _hashes(columns: Sequence[Bytes]) -> Hashes:
    """Return the bit of each row of bytes, which are given as columns of shape (n,): (n,)."""
    found: Hashes = np.zeros(len(columns[0]), np.uint32)
    for column in columns:
        found = (found + column + np.uint32(1)) * _FACTOR
        found ^= found >> _SHIFT
    return np.asarray(found % np.uint32(BITS))
