"""Rows of numbers under the same keys, as matrices: how they lie in the database until they are sorted into series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import numpy as np

from lightning_sweeps.store.chunks import MICROSECONDS, Columns, join

Packed: TypeAlias = tuple[list[str], bytes, bytes, bytes, bytes]
"""Keys; sequence, step and time (microseconds) of each row; the values key by key. All little-endian, 64 bits."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Packed])


@dataclass(slots=True)
class Block:
    """Rows with one set of keys, in order; each row has a number per key."""

    keys: tuple[str, ...]
    sequences: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)


def pack(blocks: Iterable[Block]) -> bytes:
    """Return the bytes of blocks that have keys and rows."""
    return _encoder.encode([_packed(block) for block in blocks if block.keys])


def unpack(data: Iterable[bytes]) -> dict[str, Columns]:
    """Return the points of each key in all the bytes that `pack` made, by their sequence."""
    parts: defaultdict[str, list[Columns]] = defaultdict(list)
    for some in data:
        for keys, sequence, step, time, value in _decoder.decode(some):
            rows, steps, times = (np.frombuffer(column, "<i8") for column in (sequence, step, time))
            matrix = np.frombuffer(value, "<f8").reshape(len(keys), -1)
            for index, key in enumerate(keys):
                parts[key].append(Columns(rows, steps, times, matrix[index]))
    return {key: _in_order(some) for key, some in parts.items()}


def _packed(block: Block) -> Packed:
    matrix = np.array(block.rows, dtype="<f8")
    times = np.rint(np.array(block.times, dtype=np.float64) * MICROSECONDS).astype("<i8")
    return (
        list(block.keys),
        np.array(block.sequences, dtype="<i8").tobytes(),
        np.array(block.steps, dtype="<i8").tobytes(),
        times.tobytes(),
        matrix.T.tobytes(),
    )


def _in_order(parts: list[Columns]) -> Columns:
    whole = parts[0] if len(parts) == 1 else join(parts)
    if len(parts) == 1 or np.all(np.diff(whole.sequence) > 0):
        return whole
    return whole.chosen(np.argsort(whole.sequence, kind="stable"))
