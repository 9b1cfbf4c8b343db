"""Encodes videos as animated PNG."""

from __future__ import annotations

import math
from typing import Any

from lightning_sweeps.core.mime_types import APNG
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.arrays import is_array, to_array
from lightning_sweeps.sdk.media.file import encode_file, is_path
from lightning_sweeps.sdk.media.media_type import EncodedMedia
from lightning_sweeps.sdk.media.pixels import MAX_VALUES, float_limit, scaled_pixels
from lightning_sweeps.sdk.media.png import encode_png


class VideoType:
    """The media type `video`."""

    accepted = "a path, or a tensor or array of shape (time, channels, height, width)"

    def accepts(self, value: object) -> bool:
        return is_path(value) or is_array(value)

    def encode(self, video: Any, /, *, fps: float = 4.0) -> EncodedMedia:
        """Return frames as an animated PNG, or the unchanged file at a path.

        Args:
            video: a path, or frames of shape (time, channels, height, width), integers 0 to 255 or floats 0 to 1.
            fps: frames per second of the animation. Ignored for a path.

        Raises:
            UsageError: the file does not exist, the frames have another shape or too many values, or the speed is not
                positive.
        """
        if is_path(video):
            return encode_file(video)
        if video.ndim != 4 or not len(video):
            raise UsageError(f"a video of shape {tuple(video.shape)}, allowed: (time, channels, height, width)")
        if not 0 < fps < math.inf:
            raise UsageError(f"`fps` is `{fps}`, allowed: frames per second > 0")
        frames = to_array(video)
        if frames.size > MAX_VALUES:
            raise UsageError(
                f"a video of {frames.size} values, allowed: {MAX_VALUES}",
                hint="encode it to a file and log the path",
            )
        limit = float_limit(frames) if frames.dtype.kind == "f" else None
        pixels, notes = zip(*(scaled_pixels(frame, limit=limit) for frame in frames), strict=True)
        return EncodedMedia(encode_png(list(pixels), frames_per_s=fps), APNG, max(notes))
