"""Pixels to PNG, and several frames to an animated one that browsers play, with nothing but zlib.

Portable Network Graphics (W3C Recommendation, third edition, 2025), which holds the animation chunks acTL, fcTL, fdAT.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""Height x width x channels; 1 channel is grey, 2 grey with alpha, 3 RGB, 4 RGBA."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_LEVEL = 3
"""zlib's: half again as large as the best, in a fifth of the time."""


def encode_png(frames: Sequence[Pixels], *, frames_per_s: float = 4.0) -> bytes:
    """Return the file of one image, or of several of one size as an animation without end."""
    height, width, channels = frames[0].shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    parts = [_SIGNATURE, _chunk(b"IHDR", header)]
    is_animation = len(frames) > 1
    if is_animation:
        parts.append(_chunk(b"acTL", struct.pack(">II", len(frames), 0)))
    sequence = 0
    for index, frame in enumerate(frames):
        if is_animation:
            delay = round(1000 / frames_per_s)
            control = struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, delay, 1000, 0, 0)
            parts.append(_chunk(b"fcTL", control))
            sequence += 1
        data = zlib.compress(_filtered(frame), _LEVEL)
        if index == 0:
            parts.append(_chunk(b"IDAT", data))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", sequence) + data))
            sequence += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _filtered(frame: Pixels) -> bytes:
    """Return the rows, each behind the number of its filter: 1, the difference to the pixel on the left."""
    height, width, channels = frame.shape
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = 1
    differences = frame.copy()
    differences[:, 1:] -= frame[:, :-1]
    rows[:, 1:] = differences.reshape(height, -1)
    return rows.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
