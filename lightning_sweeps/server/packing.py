"""Many drawn lines as few bytes: half a million points as JSON are 44 MB and take a browser seconds to read.

The answer is the length of its head (4 bytes, little-endian), the head (JSON), and the arrays one after the other. A
line in the head has `count` (points in all), `size` (buckets here), `even` (x is a first value and a stride), `bounds`
(a minimum and a maximum follow the mean) and `broken` (which buckets hold values that are not finite). `wide` says
whether values have 8 bytes or 4; x always has 8. A bucket without a finite value has NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.store.chunks import Floats
from lightning_sweeps.store.drawing import Drawn

WIDE_POINTS = 20_000
"""Up to so many points in all, values are sent as they are stored; beyond it, at seven digits."""


def pack(lines: Sequence[tuple[int, Drawn]]) -> bytes:
    """Return drawn lines, each with how many points it has in all, in the form that the page reads."""
    is_wide = sum(len(drawn.x) for _, drawn in lines) <= WIDE_POINTS
    heads: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for count, drawn in lines:
        even = _even(drawn.x)
        has_bounds = not np.array_equal(drawn.minimum, drawn.maximum, equal_nan=True)
        columns = [drawn.mean, drawn.minimum, drawn.maximum] if has_bounds else [drawn.mean]
        parts.append((drawn.x if even is None else even).astype("<f8").tobytes())
        with np.errstate(over="ignore"):
            parts += [column.astype("<f8" if is_wide else "<f4").tobytes() for column in columns]
        heads.append(
            {
                "count": count,
                "size": len(drawn.x),
                "even": even is not None,
                "bounds": has_bounds,
                "broken": np.flatnonzero(drawn.nonfinite).tolist(),
            }
        )
    head = msgspec.json.encode({"wide": is_wide, "lines": heads})
    return b"".join([len(head).to_bytes(4, "little"), head, *parts])


def _even(x: Floats) -> Floats | None:
    """Return the first value and the stride where x is exactly that, else None."""
    if len(x) < 3:
        return None
    stride = x[1] - x[0]
    return np.array([x[0], stride]) if np.array_equal(x, x[0] + stride * np.arange(len(x))) else None
