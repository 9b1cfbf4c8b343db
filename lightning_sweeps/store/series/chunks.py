"""A series is stored as chunks of columns: pure functions from rows to bytes and back.

A chunk's bytes are a head (point count; width in bytes of what each column stores) and the columns sequence, step, time
and value, all little-endian:

- an integer column is its first value and its differences, in the narrowest width that holds them; width 0 is one
  difference for all, width 8 wraps around as 64-bit integers do;
- time is an integer column of microseconds since the epoch;
- value is 32-bit floats where they hold every value exactly (most metrics were such), else 64-bit floats;
- a width above 127 says that the column (without its first value) is deflated, its bytes sorted by their place in the
  number, behind its length: so that the bytes that are alike lie together.
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
_FIRST = struct.Struct("<q")
_LENGTH = struct.Struct("<I")
_WIDTHS = (1, 2, 4)
_DEFLATED = 0x80
_DEFLATE_LEVEL = 1
_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Points of one series and one journal, in the order of their rows; all four arrays have the same length.

    Attributes:
        sequence: the row's number in its journal.
        step: as logged; may repeat and go back.
        time: microseconds since the epoch.
        value: any float, non-finite ones too.
    """

    sequence: Integers
    step: Integers
    time: Integers
    value: Floats

    def __len__(self) -> int:
        return len(self.sequence)

    def part(self, start: int, end: int) -> Columns:
        """Return the points `start` to `end`, as slices count."""
        chosen = slice(start, end)
        return Columns(self.sequence[chosen], self.step[chosen], self.time[chosen], self.value[chosen])

    def chosen(self, which: npt.NDArray[Any]) -> Columns:
        """Return the points that `which` indexes."""
        return Columns(self.sequence[which], self.step[which], self.time[which], self.value[which])


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of some points without their columns; also of the points of several chunks together.

    Attributes:
        nonfinite: how many values are not finite; `minimum`, `maximum` and `total` leave them out.
        first_step, last_step: the lowest and the highest.
        first_time, last_time: the earliest and the latest, in seconds.
        last: the value of the last row, None where it is not finite; `last_nonfinite` says then which it is.
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
    """Return the columns of rows whose times are seconds and whose integers fit 64 bits."""
    return Columns(
        np.asarray(sequence, dtype=np.int64),
        np.asarray(step, dtype=np.int64),
        np.rint(np.asarray(time, dtype=np.float64) * MICROSECONDS).astype(np.int64),
        np.asarray(value, dtype=np.float64),
    )


def join(parts: Iterable[Columns]) -> Columns:
    """Return the points of `parts`, one behind the other; there must be at least one part."""
    parts = list(parts)
    return Columns(
        np.concatenate([part.sequence for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


def cut(points: Columns) -> list[Columns]:
    """Return `points` in parts of `CHUNK_POINTS`; the last one holds what is left."""
    return [points.part(start, start + CHUNK_POINTS) for start in range(0, len(points), CHUNK_POINTS)]


def encode(points: Columns, *, is_deflated: bool = False) -> bytes:
    """Return the bytes of a chunk.

    Args:
        is_deflated: for chunks that are written once and kept; it takes ten times as long.
    """
    packed = [_pack_integers(column) for column in (points.sequence, points.step, points.time)]
    packed.append((b"", *_pack_floats(points.value)))
    if is_deflated:
        packed = [_deflate(*column) for column in packed]
    head = _HEAD.pack(len(points), *(width for _, width, _ in packed))
    return head + b"".join(first + data for first, _, data in packed)


def decode(data: bytes) -> Columns:
    """Return the points of a chunk that `encode` made."""
    count, *widths = _HEAD.unpack_from(data)
    offset = _HEAD.size
    integers = []
    for width in widths[:3]:
        (first,) = _FIRST.unpack_from(data, offset)
        stored, offset = _unpack(data, offset + _FIRST.size, count=max(count - 1, 0), width=width, kind="i")
        if width == 0:
            integers.append(np.arange(count, dtype=np.int64) * stored[0] + first)
            continue
        column: Integers = np.empty(count, dtype=np.int64)
        column[:1] = first
        column[1:] = stored
        integers.append(np.cumsum(column, dtype=np.int64))
    value, _ = _unpack(data, offset, count=count, width=widths[3], kind="f")
    return Columns(integers[0], integers[1], integers[2], value.astype(np.float64))


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
    """Return the statistics of both together; `last` is of the one whose points are later in time."""
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


def _word(value: float) -> str | None:
    word = number(value)
    return word if isinstance(word, str) else None


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _bounded(total: float) -> float:
    """Return `total`, or the largest float where the sum of finite values is beyond it."""
    if math.isnan(total):
        return 0.0
    return max(-_LARGEST, min(_LARGEST, total))


def _pack_integers(column: Integers) -> tuple[bytes, int, bytes]:
    """Return the first value, the width of the differences, and these."""
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


def _deflate(first: bytes, width: int, data: bytes) -> tuple[bytes, int, bytes]:
    """Return a packed column deflated, or as it is where that saves nothing."""
    if width == 0:
        return first, width, data
    planes = np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes()
    smaller = zlib.compress(planes, _DEFLATE_LEVEL)
    if len(smaller) + _LENGTH.size >= len(data):
        return first, width, data
    return first, width | _DEFLATED, _LENGTH.pack(len(smaller)) + smaller


def _unpack(data: bytes, offset: int, *, count: int, width: int, kind: str) -> tuple[npt.NDArray[Any], int]:
    """Return the numbers of a column (one for all where `width` is 0) and where it ends."""
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
