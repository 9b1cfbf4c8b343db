"""Encodes the distribution of numbers as a histogram."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.core.mime_types import HISTOGRAM
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.arrays import is_numeric, to_array
from lightning_sweeps.sdk.media.media_type import EncodedMedia

DEFAULT_BINS = 64
MAX_BINS = 4096
LARGEST = 1e307


class HistogramType:
    """The media type `histogram`."""

    accepted = "a tensor, an array or a list of numbers"

    def accepts(self, value: object) -> bool:
        return is_numeric(value)

    def encode(self, values: Any, /, *, bins: int = DEFAULT_BINS) -> EncodedMedia:
        """Return counts, bin edges and the number of elements that are NaN or infinite, as JSON.

        Args:
            values: numbers in any shape.
            bins: number of bins of equal width between the smallest and the largest finite element.

        Raises:
            UsageError: `values` is not numeric, or `bins` is not 1 to 4096.
        """
        if not 1 <= bins <= MAX_BINS:
            raise UsageError(f"`bins` is `{bins}`, allowed: 1 to {MAX_BINS}")
        array = to_array(values).ravel()
        finite = array[np.isfinite(array)]
        if finite.dtype.kind == "f":  # the width of the bins must be finite, too
            finite = np.clip(finite.astype(np.float64), -LARGEST, LARGEST)
        counts, edges = np.histogram(finite, bins=bins)
        content = {"counts": counts.tolist(), "edges": edges.tolist(), "not_finite": int(array.size - finite.size)}
        return EncodedMedia(msgspec.json.encode(content), HISTOGRAM)
