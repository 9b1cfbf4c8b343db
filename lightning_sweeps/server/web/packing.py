"""Many drawn lines as few bytes: half a million points as JSON are 44 MB and take a browser seconds to read.

An answer is a row of frames, each with some of the lines, so that the first can be drawn while the last are read. A
frame is the length of its head and that of its arrays (4 bytes each, little-endian), the head (JSON), and the arrays
one after the other. A line in the head has `count` (points in all), `reach` (the highest place of them on the axis;
null: none has one), `branch` (which rows are abandoned), `tail` (only what lies behind the points that the asker
holds), `size` (buckets here), `even` (x is a first value and a stride), `bounds` (a minimum and a maximum follow the
mean) and `broken` (which buckets hold values that are not finite). `wide` says whether values have 8 bytes or 4; x
always has 8. A bucket without a finite value has NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.store.series.chunks import Floats
from lightning_sweeps.store.series.reading import ChartLine


def pack(lines: Sequence[ChartLine], *, is_wide: bool) -> bytes:
    """Return a frame with these lines; `is_wide`: with values as they are stored, else at seven digits."""
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
    """Return the first value and the stride where x is exactly that, else None."""
    if len(x) < 3:
        return None
    stride = x[1] - x[0]
    return np.array([x[0], stride]) if np.array_equal(x, x[0] + stride * np.arange(len(x))) else None
