"""Converts arrays and tensors to the pixels of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.arrays import to_array
from lightning_sweeps.sdk.media.png import Pixels

MAX_VALUES = 64_000_000
"""Pixels times channels of one image, or of all frames of a video."""

CHANNEL_COUNTS = (1, 2, 3, 4)


def to_pixels(image: Any) -> Pixels:
    """Return `image` as pixels of shape (height, width, channels), 0 to 255.

    Args:
        image: shape (height, width), (height, width, channels) or (channels, height, width) with 1 to 4 channels.
            Integers are 0 to 255, floats 0 to 1; values outside are clipped, NaN becomes 0.

    Raises:
        UsageError: the shape is different, or the image is too large.
    """
    array = to_array(image)
    shape = array.shape
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and array.shape[0] in CHANNEL_COUNTS:
        is_last = array.shape[2] in CHANNEL_COUNTS
        # torch puts channels first; where both readings are possible, channels come first if there are few of them
        looks_first = array.shape[0] in (1, 3, 4) and array.shape[0] < array.shape[1]
        if looks_first or not is_last:
            array = np.moveaxis(array, 0, 2)
    if array.ndim != 3 or array.shape[2] not in CHANNEL_COUNTS or not 0 < array.size <= MAX_VALUES:
        raise UsageError(
            f"an image of shape {shape}, allowed: (height, width) with 1 to 4 channels first or last,"
            f" at most {MAX_VALUES} values"
        )
    if array.dtype.kind == "f":
        array = np.clip(np.nan_to_num(array), 0, 1) * 255 + 0.5
    elif array.dtype.kind == "b":
        array = array * np.uint8(255)
    return np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8))
