"""Converts arrays and tensors to the pixels of an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.arrays import to_array
from lightning_sweeps.sdk.media.png import Pixels

MAX_VALUES = 64_000_000
"""Pixels times channels of one image, or of all frames of a video."""

CHANNEL_COUNTS = (1, 2, 3, 4)


LARGEST_FRACTION = 2.0
"""Floats up to here are from 0 to 1, perhaps a little over; an image with larger ones has floats from 0 to 255."""


def to_pixels(image: Any) -> Pixels:
    """Return `image` as pixels of shape (height, width, channels), 0 to 255, as `scaled_pixels` does."""
    return scaled_pixels(image)[0]


def float_limit(array: npt.NDArray[Any]) -> float:
    """Return which number is white in an array of floats: 1 or 255."""
    return 1.0 if np.nan_to_num(array, posinf=1.0, neginf=0.0).max(initial=0) <= LARGEST_FRACTION else 255.0


def scaled_pixels(image: Any, *, limit: float | None = None) -> tuple[Pixels, str]:
    """Return `image` as pixels of shape (height, width, channels), 0 to 255, and how it was scaled if that is a guess.

    Args:
        image: shape (height, width), (height, width, channels) or (channels, height, width) with 1 to 4 channels.
            Integers are 0 to 255. Floats are 0 to 1, or 0 to 255 if one is above 2. Values outside are clipped, NaN
            becomes 0.
        limit: which float is white. Default: `float_limit(image)`.

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
    note = ""
    if array.dtype.kind == "f":
        array, note = _scale(array, float_limit(array) if limit is None else limit)
    elif array.dtype.kind == "b":
        array = array * np.uint8(255)
    elif array.min() < 0 or array.max() > 255:
        note = f"pixels are {array.min()} to {array.max()}, allowed: 0 to 255; they are clipped"
    return np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8)), note


def _scale(array: npt.NDArray[Any], limit: float) -> tuple[npt.NDArray[Any], str]:
    """Return floats as numbers from 0 to 255, to be cut to integers, and what is worth a warning."""
    finite = np.nan_to_num(array.astype(np.float64), posinf=limit, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    notes = [f"floats up to {high:g} are taken as pixels from 0 to 255"] if limit > 1 else []
    if low < 0 or high > limit:
        notes.append(f"pixels from {low:g} to {high:g} are clipped to 0 to {limit:g}; scale them before you log")
    return np.clip(finite, 0, limit) * (255.0 / limit) + 0.5, "; ".join(notes)
