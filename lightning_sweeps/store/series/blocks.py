"""Encodes rows of the write buffer: rows with the same keys are one matrix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, join


class PackedBlock(msgspec.Struct, array_like=True, frozen=True):
    """The encoded form of a block; all numbers are little-endian with 64 bits.

    Attributes:
        keys: the series keys.
        sequences, steps, times: one integer per row; times are microseconds since the epoch.
        values: floats of shape (keys, rows).
        owner: see `Block`.
    """

    keys: list[str]
    sequences: bytes
    steps: bytes
    times: bytes
    values: bytes
    owner: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[PackedBlock])


@dataclass(slots=True)
class Block:
    """Rows with one set of keys, in order.

    Attributes:
        keys: the series keys.
        owner: owner of the series; empty: the run or node of the journal.
        sequences, steps, times: one entry per row; times are seconds since the epoch.
        rows: per row a number per key.
    """

    keys: tuple[str, ...]
    owner: str = ""
    sequences: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)


def pack(blocks: Iterable[Block]) -> bytes:
    """Encode the blocks that have keys."""
    return _encoder.encode([_packed(block) for block in blocks if block.keys])


def unpack(data: Iterable[bytes]) -> dict[str, dict[str, Columns]]:
    """Return the points in bytes that `pack` made, by owner and key, in the order of their sequence."""
    parts: defaultdict[str, defaultdict[str, list[Columns]]] = defaultdict(lambda: defaultdict(list))
    for some in data:
        for block in _decoder.decode(some):
            columns = (block.sequences, block.steps, block.times)
            rows, steps, times = (np.frombuffer(column, "<i8") for column in columns)
            matrix = np.frombuffer(block.values, "<f8").reshape(len(block.keys), -1)
            for index, key in enumerate(block.keys):
                parts[block.owner][key].append(Columns(rows, steps, times, matrix[index]))
    return {owner: {key: _in_order(some) for key, some in keys.items()} for owner, keys in parts.items()}


def _packed(block: Block) -> PackedBlock:
    matrix = np.array(block.rows, dtype="<f8")
    times = np.rint(np.array(block.times, dtype=np.float64) * MICROSECONDS).astype("<i8")
    return PackedBlock(
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
