"""Encodes pixels as PNG, and several frames as an animated PNG, with zlib alone.

Source: Portable Network Graphics, W3C Recommendation, third edition, 2025. It defines the animation chunks acTL, fcTL
and fdAT.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""Shape (height, width, channels). 1 channel: grey; 2: grey and alpha; 3: RGB; 4: RGBA."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Number of channels to PNG color type."""

_COMPRESSION_LEVEL = 3
"""Files are about 1.5 times as large as at level 9 and take a fifth of the time."""

_FILTER_SUB = 1
"""Filter type 1 of the standard: a byte is stored as the difference to the pixel on its left."""


def encode_png(frames: Sequence[Pixels], *, frames_per_s: float = 4.0) -> bytes:
    """Return a PNG file: an image for one frame, an endless animation for several.

    Args:
        frames: frames of one shape (height, width, channels).
        frames_per_s: speed of the animation.
    """
    height, width, channels = frames[0].shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
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
        data = zlib.compress(_filter_rows(frame), _COMPRESSION_LEVEL)
        if index == 0:
            parts.append(_chunk(b"IDAT", data))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", sequence) + data))
            sequence += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _filter_rows(frame: Pixels) -> bytes:
    """Return the rows as PNG stores them: each with its filter type in front."""
    height, width, channels = frame.shape
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _FILTER_SUB
    differences = frame.copy()
    differences[:, 1:] -= frame[:, :-1]
    rows[:, 1:] = differences.reshape(height, -1)
    return rows.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
