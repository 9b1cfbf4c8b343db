"""Encodes points of a series as chunks of columns, and decodes them.

A chunk is a head (number of points; width of each column in bytes) and the columns sequence, step, time and value, all
little-endian:

- an integer column is its first value and the differences between neighbours, in the narrowest width that holds them;
  width 0 is one difference for all, and width 8 wraps around as 64-bit integers do;
- time is an integer column of microseconds since the epoch;
- value has 32-bit floats if these hold every value exactly, as for most metrics, and 64-bit floats otherwise;
- a width above 127 marks a compressed column, without its first value. Its length comes first; bytes of equal
  significance lie together, which compresses better.

A chunk of a thinned series continues with its weights: the widths of three more columns, and the columns count,
nonfinite and total.
"""

from __future__ import annotations

import math
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.column_values import finite, number

CHUNK_POINTS = 1024
MICROSECONDS = 1e6

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

_HEAD = struct.Struct("<IBBBB")
_WEIGHTS_HEAD = struct.Struct("<BBB")
_FIRST = struct.Struct("<q")
_LENGTH = struct.Struct("<I")
_WIDTHS = (1, 2, 4)
_DEFLATED = 0x80
_DEFLATE_LEVEL = 1
_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What points stand for, as arrays of shape (n,): each for itself and the points after it that were removed.

    Attributes:
        count: number of points.
        nonfinite: how many of them are not finite.
        total: sum of the finite ones.
    """

    count: Integers
    nonfinite: Integers
    total: Floats

    def chosen(self, which: npt.NDArray[Any] | slice) -> Weights:
        """Return the weights that `which` selects: indexes, a mask or a slice."""
        return Weights(self.count[which], self.nonfinite[which], self.total[which])


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Points of one series from one journal, in the order of their rows, as four arrays of shape (n,).

    Attributes:
        sequence: number of the row in its journal.
        step: the logged step; it may repeat and decrease.
        time: microseconds since the epoch.
        value: any float, also NaN and infinities.
        weights: what the points of a thinned series stand for; None: each stands for itself.
    """

    sequence: Integers
    step: Integers
    time: Integers
    value: Floats
    weights: Weights | None = None

    def __len__(self) -> int:
        return len(self.sequence)

    def part(self, start: int, end: int) -> Columns:
        """Return the points from `start` to before `end`."""
        return self._chosen(slice(start, end))

    def chosen(self, which: npt.NDArray[Any]) -> Columns:
        """Return the points that the array `which` selects: indexes or a mask."""
        return self._chosen(which)

    def weighed(self) -> Weights:
        """Return what each point stands for."""
        if self.weights is not None:
            return self.weights
        is_finite = np.isfinite(self.value)
        ones = np.ones(len(self), dtype=np.int64)
        return Weights(ones, (~is_finite).astype(np.int64), np.where(is_finite, self.value, 0.0))

    def _chosen(self, which: npt.NDArray[Any] | slice) -> Columns:
        weights = None if self.weights is None else self.weights.chosen(which)
        return Columns(self.sequence[which], self.step[which], self.time[which], self.value[which], weights)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of points.

    Attributes:
        count: number of points.
        nonfinite: number of values that are not finite; `minimum`, `maximum` and `total` leave them out.
        first_step, last_step: lowest and highest step.
        first_time, last_time: earliest and latest time, in seconds since the epoch.
        last: value of the last row; None if it is not finite.
        minimum, maximum: of the finite values; None if there are none.
        total: sum of the finite values.
        last_nonfinite: `nan`, `inf` or `-inf` if the last value is not finite.
    """

    count: int
    nonfinite: int
    first_step: int
    last_step: int
    first_time: float
    last_time: float
    last: float | None
    minimum: float | None
    maximum: float | None
    total: float
    last_nonfinite: str | None = None


def columns(
    sequence: Sequence[int], step: Sequence[int], time: Sequence[float], value: Sequence[float | int]
) -> Columns:
    """Return the columns of rows. Times are in seconds; integers must fit 64 bits."""
    return Columns(
        np.asarray(sequence, dtype=np.int64),
        np.asarray(step, dtype=np.int64),
        np.rint(np.asarray(time, dtype=np.float64) * MICROSECONDS).astype(np.int64),
        np.asarray(value, dtype=np.float64),
    )


def join(parts: Iterable[Columns]) -> Columns:
    """Concatenate the points of at least one part."""
    parts = list(parts)
    return Columns(
        np.concatenate([part.sequence for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
        None if all(part.weights is None for part in parts) else _joined_weights(parts),
    )


def cut(points: Columns) -> list[Columns]:
    """Divide points into parts of `CHUNK_POINTS`. The last part has the rest."""
    return [points.part(start, start + CHUNK_POINTS) for start in range(0, len(points), CHUNK_POINTS)]


def encode(points: Columns, *, is_deflated: bool = False) -> bytes:
    """Encode a chunk.

    Args:
        points: the points.
        is_deflated: True: compress; it takes ten times as long, which is worthwhile for chunks that no longer change.
    """
    packed = [_pack_integers(column) for column in (points.sequence, points.step, points.time)]
    packed.append((b"", *_pack_floats(points.value)))
    packed += [] if points.weights is None else _pack_weights(points.weights)
    if is_deflated:
        packed = [_deflate(*column) for column in packed]
    own, more = packed[:4], packed[4:]
    head = _HEAD.pack(len(points), *(width for _, width, _ in own))
    weights_head = _WEIGHTS_HEAD.pack(*(width for _, width, _ in more)) if more else b""
    return head + _body(own) + weights_head + _body(more)


def decode(data: bytes) -> Columns:
    """Decode a chunk that `encode` made."""
    count, *widths = _HEAD.unpack_from(data)
    offset = _HEAD.size
    sequence, offset = _unpack_integers(data, offset, count=count, width=widths[0])
    step, offset = _unpack_integers(data, offset, count=count, width=widths[1])
    time, offset = _unpack_integers(data, offset, count=count, width=widths[2])
    value, offset = _unpack(data, offset, count=count, width=widths[3], kind="f")
    weights = _unpack_weights(data, offset, count=count) if offset < len(data) else None
    return Columns(sequence, step, time, value.astype(np.float64), weights)


def statistics(points: Columns) -> Statistics:
    """Return the statistics of at least one point."""
    usable = points.value[np.isfinite(points.value)]
    with np.errstate(over="ignore"):
        total = float(usable.sum()) if len(usable) else 0.0
    return Statistics(
        count=len(points),
        nonfinite=len(points) - len(usable),
        first_step=int(points.step.min()),
        last_step=int(points.step.max()),
        first_time=float(points.time.min()) / MICROSECONDS,
        last_time=float(points.time.max()) / MICROSECONDS,
        last=finite(float(points.value[-1])),
        minimum=float(usable.min()) if len(usable) else None,
        maximum=float(usable.max()) if len(usable) else None,
        total=_bounded(total),
        last_nonfinite=_word(float(points.value[-1])),
    )


def combine(first: Statistics, second: Statistics) -> Statistics:
    """Return the statistics of two sets of points together; `last` is from the set that is later in time."""
    later = second if second.last_time >= first.last_time else first
    return Statistics(
        count=first.count + second.count,
        nonfinite=first.nonfinite + second.nonfinite,
        first_step=min(first.first_step, second.first_step),
        last_step=max(first.last_step, second.last_step),
        first_time=min(first.first_time, second.first_time),
        last_time=max(first.last_time, second.last_time),
        last=later.last,
        minimum=min(_known(first.minimum, second.minimum), default=None),
        maximum=max(_known(first.maximum, second.maximum), default=None),
        total=_bounded(first.total + second.total),
        last_nonfinite=later.last_nonfinite,
    )


def _joined_weights(parts: list[Columns]) -> Weights:
    weights = [part.weighed() for part in parts]
    return Weights(
        np.concatenate([one.count for one in weights]),
        np.concatenate([one.nonfinite for one in weights]),
        np.concatenate([one.total for one in weights]),
    )


def _word(value: float) -> str | None:
    word = number(value)
    return word if isinstance(word, str) else None


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _bounded(total: float) -> float:
    """Return `total`, or the largest float if the sum of finite values overflowed."""
    if math.isnan(total):
        return 0.0
    return max(-_LARGEST, min(_LARGEST, total))


def _pack_integers(column: Integers) -> tuple[bytes, int, bytes]:
    """Return the first value, the width of the differences, and the differences."""
    if len(column) == 0:
        return _FIRST.pack(0), 0, _FIRST.pack(0)
    first = _FIRST.pack(int(column[0]))
    differences = np.diff(column)
    low, high = (int(differences.min()), int(differences.max())) if len(differences) else (0, 0)
    if low == high:
        return first, 0, _FIRST.pack(low)
    for width in _WIDTHS:
        limit = 1 << (8 * width - 1)
        if -limit <= low and high < limit:
            return first, width, differences.astype(f"<i{width}").tobytes()
    return first, 8, differences.astype("<i8").tobytes()


def _pack_floats(column: Floats) -> tuple[int, bytes]:
    with np.errstate(over="ignore"):
        narrow = column.astype("<f4")
    if np.array_equal(narrow.astype(np.float64), column, equal_nan=True):
        return 4, narrow.tobytes()
    return 8, column.astype("<f8").tobytes()


def _pack_weights(weights: Weights) -> list[tuple[bytes, int, bytes]]:
    """Return each column's first value, width and numbers."""
    integers = [_pack_integers(column) for column in (weights.count, weights.nonfinite)]
    return [*integers, (b"", *_pack_floats(weights.total))]


def _body(packed: list[tuple[bytes, int, bytes]]) -> bytes:
    return b"".join(first + data for first, _, data in packed)


def _deflate(first: bytes, width: int, data: bytes) -> tuple[bytes, int, bytes]:
    """Return a packed column compressed, or unchanged if compression saves nothing."""
    if width == 0:
        return first, width, data
    planes = np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes()
    smaller = zlib.compress(planes, _DEFLATE_LEVEL)
    if len(smaller) + _LENGTH.size >= len(data):
        return first, width, data
    return first, width | _DEFLATED, _LENGTH.pack(len(smaller)) + smaller


def _unpack_weights(data: bytes, offset: int, *, count: int) -> Weights:
    widths = _WEIGHTS_HEAD.unpack_from(data, offset)
    counts, offset = _unpack_integers(data, offset + _WEIGHTS_HEAD.size, count=count, width=widths[0])
    nonfinite, offset = _unpack_integers(data, offset, count=count, width=widths[1])
    total, _ = _unpack(data, offset, count=count, width=widths[2], kind="f")
    return Weights(counts, nonfinite, total.astype(np.float64))


def _unpack_integers(data: bytes, offset: int, *, count: int, width: int) -> tuple[Integers, int]:
    """Return an integer column and the offset of its end."""
    (first,) = _FIRST.unpack_from(data, offset)
    stored, offset = _unpack(data, offset + _FIRST.size, count=max(count - 1, 0), width=width, kind="i")
    if width == 0:
        return np.arange(count, dtype=np.int64) * stored[0] + first, offset
    column: Integers = np.empty(count, dtype=np.int64)
    column[:1] = first
    column[1:] = stored
    return np.cumsum(column, dtype=np.int64), offset


def _unpack(data: bytes, offset: int, *, count: int, width: int, kind: str) -> tuple[npt.NDArray[Any], int]:
    """Return the numbers of a column and the offset of its end. Width 0 gives one number for all rows."""
    if width == 0:
        return np.frombuffer(data, "<i8", 1, offset), offset + _FIRST.size
    if not width & _DEFLATED:
        return np.frombuffer(data, f"<{kind}{width}", count, offset), offset + count * width
    width &= ~_DEFLATED
    (length,) = _LENGTH.unpack_from(data, offset)
    offset += _LENGTH.size
    planes = zlib.decompress(memoryview(data)[offset : offset + length], bufsize=count * width)
    numbers = np.frombuffer(planes, np.uint8).reshape(width, -1).T.copy().view(f"<{kind}{width}").ravel()
    return numbers, offset + length
