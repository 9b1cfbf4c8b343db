"""Encodes figures of Matplotlib and Plotly."""

from __future__ import annotations

import io
from typing import Any

from lightning_sweeps.core.mime_types import PLOTLY, PNG
from lightning_sweeps.sdk.media.media_type import EncodedMedia


class FigureType:
    """The media type `figure`. Libraries are recognized by the methods of their figures and are not imported."""

    accepted = "a figure of Matplotlib or Plotly"

    def accepts(self, value: object) -> bool:
        return is_matplotlib_figure(value) or hasattr(value, "to_json")

    def encode(self, figure: Any, /) -> EncodedMedia:
        """Return a Matplotlib figure as PNG, a Plotly figure as JSON."""
        if is_matplotlib_figure(figure):
            return encode_matplotlib(figure)
        return EncodedMedia(str(figure.to_json()).encode(), PLOTLY)


def is_matplotlib_figure(value: object) -> bool:
    """Return whether `value` saves itself as Matplotlib's figures do."""
    return hasattr(value, "savefig")


def encode_matplotlib(figure: Any) -> EncodedMedia:
    """Return a Matplotlib figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return EncodedMedia(buffer.getvalue(), PNG)
