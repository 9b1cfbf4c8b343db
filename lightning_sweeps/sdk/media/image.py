"""Encodes images as PNG."""

from __future__ import annotations

import io
from typing import Any

from lightning_sweeps.core.mime_types import PNG
from lightning_sweeps.sdk.media.arrays import is_array
from lightning_sweeps.sdk.media.figure import encode_matplotlib, is_matplotlib_figure
from lightning_sweeps.sdk.media.file import encode_file, is_path
from lightning_sweeps.sdk.media.media_type import EncodedMedia
from lightning_sweeps.sdk.media.pixels import scaled_pixels
from lightning_sweeps.sdk.media.png import encode_png


class ImageType:
    """The media type `image`."""

    accepted = "a path, a tensor, an array, a PIL image or a Matplotlib figure"

    def accepts(self, value: object) -> bool:
        return is_path(value) or is_array(value) or is_matplotlib_figure(value) or hasattr(value, "save")

    def encode(self, image: Any, /) -> EncodedMedia:
        """Return the image as PNG, or the unchanged file at a path.

        Args:
            image: a path; a tensor or array of shape (height, width), (height, width, channels) or (channels, height,
                width) with 1 to 4 channels, integers 0 to 255 or floats 0 to 1 or 0 to 255; an object that saves itself
                as PNG, such as a PIL image; or a Matplotlib figure.

        Raises:
            UsageError: the file does not exist, or the array has another shape or too many values.
        """
        if is_path(image):
            return encode_file(image)
        if is_array(image):
            pixels, note = scaled_pixels(image)
            return EncodedMedia(encode_png([pixels]), PNG, note)
        if is_matplotlib_figure(image):
            return encode_matplotlib(image)
        buffer = io.BytesIO()
        try:
            image.save(buffer, "PNG")
        except OSError:  # a mode that PNG does not have, such as CMYK
            image.convert("RGB").save(buffer, "PNG")
        return EncodedMedia(buffer.getvalue(), PNG)
