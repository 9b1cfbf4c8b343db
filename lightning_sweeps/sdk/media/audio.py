"""Encodes audio as WAV."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np

from lightning_sweeps.core.mime_types import WAV
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.arrays import is_numeric, to_array
from lightning_sweeps.sdk.media.file import encode_file, is_path
from lightning_sweeps.sdk.media.media_type import EncodedMedia

MAX_SAMPLES = 200_000_000
MAX_AMPLITUDE = 32767
"""Largest value of a signed 16-bit sample."""


class AudioType:
    """The media type `audio`."""

    accepted = "a path, or a tensor or array of samples"

    def accepts(self, value: object) -> bool:
        return is_path(value) or is_numeric(value)

    def encode(self, audio: Any, /, *, sample_rate: int | None = None) -> EncodedMedia:
        """Return samples as 16-bit WAV, or the unchanged file at a path.

        Args:
            audio: a path, or samples from -1 to 1 of shape (samples,) or (channels, samples).
            sample_rate: samples per second. Required for samples, ignored for a path.

        Raises:
            UsageError: the file does not exist, the samples have another shape or are too many, or `sample_rate` is
                missing or not positive.
        """
        if is_path(audio):
            return encode_file(audio)
        array = to_array(audio)
        if array.ndim not in (1, 2) or array.size > MAX_SAMPLES:
            raise UsageError(
                f"audio of shape {array.shape}, allowed: (samples,) or (channels, samples), up to {MAX_SAMPLES} values"
            )
        if sample_rate is None or sample_rate <= 0:
            raise UsageError(f"`sample_rate` is `{sample_rate}`, allowed: samples per second > 0")
        channels = np.atleast_2d(array)
        samples = (np.clip(np.nan_to_num(channels), -1, 1) * MAX_AMPLITUDE).astype("<i2").T
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as stream:
            stream.setnchannels(channels.shape[0])
            stream.setsampwidth(2)
            stream.setframerate(int(sample_rate))
            stream.writeframes(samples.tobytes())
        return EncodedMedia(buffer.getvalue(), WAV)
