"""Packs chart lines into a compact binary format: half a million points as JSON are 44 MB and take seconds to parse.

A response is a sequence of frames. Each frame contains some of the lines, so that a browser draws the first lines
while it reads the rest. A frame consists of the length of its head and the length of its arrays (4 bytes each,
little-endian), the head (JSON), and the arrays one after the other.

The head has `wide` (values take 8 bytes instead of 4; x always takes 8) and `lines`. Each line has:

- `count`: number of stored points.
- `reach`: the largest x of them; null if no point has one.
- `branch`: changes when other rows of the line become abandoned.
- `tail`: whether the frame contains only the points after those that the client already has.
- `size`: number of buckets in the frame.
- `even`: whether x is given by its first value and a stride.
- `bounds`: whether arrays with the minimum and the maximum follow the mean.
- `broken`: indices of the buckets with non-finite values.

A bucket without a finite value has NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.store.series.chunks import Floats
from lightning_sweeps.store.series.reading import ChartLine


def pack(lines: Sequence[ChartLine], *, is_wide: bool) -> bytes:
    """Return one frame.

    Args:
        lines: The lines to pack.
        is_wide: Whether values keep their full precision; otherwise they have seven digits.
    """
    heads: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for line in lines:
        drawn = line.drawn
        even = _even(drawn.x)
        has_bounds = not np.array_equal(drawn.minimum, drawn.maximum, equal_nan=True)
        columns = [drawn.mean, drawn.minimum, drawn.maximum] if has_bounds else [drawn.mean]
        parts.append((drawn.x if even is None else even).astype("<f8").tobytes())
        with np.errstate(over="ignore"):
            parts += [column.astype("<f8" if is_wide else "<f4").tobytes() for column in columns]
        heads.append(
            {
                "count": line.seen.count,
                "reach": line.seen.reach,
                "branch": line.seen.branch,
                "tail": line.is_tail,
                "size": len(drawn.x),
                "even": even is not None,
                "bounds": has_bounds,
                "broken": np.flatnonzero(drawn.nonfinite).tolist(),
            }
        )
    head = msgspec.json.encode({"wide": is_wide, "lines": heads})
    arrays = b"".join(parts)
    return b"".join([len(head).to_bytes(4, "little"), len(arrays).to_bytes(4, "little"), head, arrays])


def _even(x: Floats) -> Floats | None:
    """Return the first value and the stride of `x` if they determine it exactly, else None."""
    if len(x) < 3:
        return None
    stride = x[1] - x[0]
    return np.array([x[0], stride]) if np.array_equal(x, x[0] + stride * np.arange(len(x))) else None
