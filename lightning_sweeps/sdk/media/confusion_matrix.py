"""Encodes confusion matrices as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lightning_sweeps.core.mime_types import CONFUSION_MATRIX
from lightning_sweeps.journal.conform import texts
from lightning_sweeps.sdk.media.arrays import is_numeric, to_array
from lightning_sweeps.sdk.media.media_type import EncodedMedia


class ConfusionMatrixType:
    """The media type `confusion_matrix`."""

    accepted = "a tensor, an array or nested lists"

    def accepts(self, value: object) -> bool:
        return is_numeric(value)

    def encode(self, matrix: Any, /, *, labels: Sequence[str] | None = None) -> EncodedMedia:
        """Return the matrix and its labels as JSON.

        Args:
            matrix: shape (classes, classes). Rows are true classes, columns predicted ones, as in torchmetrics.
            labels: names of the classes, in the order of the rows.

        Raises:
            UsageError: `matrix` is not numeric.
        """
        content = {"labels": texts(labels), "matrix": to_array(matrix).tolist()}
        return EncodedMedia(msgspec.json.encode(content), CONFUSION_MATRIX)
