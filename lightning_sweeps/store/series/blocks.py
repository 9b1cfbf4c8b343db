"""Rows of numbers under the same keys, as matrices: how they lie in the database until they are sorted into series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, join


class Packed(msgspec.Struct, array_like=True, frozen=True):
    """Sequence, step and time (microseconds) of each row; the values key by key. All little-endian, 64 bits."""

    keys: list[str]
    sequences: bytes
    steps: bytes
    times: bytes
    values: bytes
    owner: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Packed])


@dataclass(slots=True)
class Block:
    """Rows with one set of keys, in order; each row has a number per key.

    `owner`: whose series they belong to; empty: the journal's own run or node.
    """

    keys: tuple[str, ...]
    owner: str = ""
    sequences: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)


def pack(blocks: Iterable[Block]) -> bytes:
    """Return the bytes of blocks that have keys and rows."""
    return _encoder.encode([_packed(block) for block in blocks if block.keys])


def unpack(data: Iterable[bytes]) -> dict[str, dict[str, Columns]]:
    """Return the points of each owner and key in all the bytes that `pack` made, by their sequence."""
    parts: defaultdict[str, defaultdict[str, list[Columns]]] = defaultdict(lambda: defaultdict(list))
    for some in data:
        for block in _decoder.decode(some):
            columns = (block.sequences, block.steps, block.times)
            rows, steps, times = (np.frombuffer(column, "<i8") for column in columns)
            matrix = np.frombuffer(block.values, "<f8").reshape(len(block.keys), -1)
            for index, key in enumerate(block.keys):
                parts[block.owner][key].append(Columns(rows, steps, times, matrix[index]))
    return {owner: {key: _in_order(some) for key, some in keys.items()} for owner, keys in parts.items()}


def _packed(block: Block) -> Packed:
    matrix = np.array(block.rows, dtype="<f8")
    times = np.rint(np.array(block.times, dtype=np.float64) * MICROSECONDS).astype("<i8")
    return Packed(
        list(block.keys),
        np.array(block.sequences, dtype="<i8").tobytes(),
        np.array(block.steps, dtype="<i8").tobytes(),
        times.tobytes(),
        matrix.T.tobytes(),
        block.owner,
    )


def _in_order(parts: list[Columns]) -> Columns:
    whole = parts[0] if len(parts) == 1 else join(parts)
    if len(parts) == 1 or np.all(np.diff(whole.sequence) > 0):
        return whole
    return whole.chosen(np.argsort(whole.sequence, kind="stable"))
