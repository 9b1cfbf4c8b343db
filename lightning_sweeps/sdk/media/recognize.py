"""Recognizes media among the values of a row. Libraries are recognized by their methods and are not imported."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.journal.objects import element_count
from lightning_sweeps.sdk.media.figure import is_matplotlib_figure
from lightning_sweeps.sdk.media.media_methods import MAX_ITEMS
from lightning_sweeps.sdk.media.values import MediaValue


def recognize(value: Any) -> list[MediaValue]:
    """Return the media that a value is: one, several for a list of media, or none."""
    if isinstance(value, list | tuple):
        items = [_recognize_one(item) for item in value[:MAX_ITEMS] if element_count(item) is None]
        found = [item for item in items if item is not None]
        return found if len(found) == len(value[:MAX_ITEMS]) else []
    one = _recognize_one(value)
    return [] if one is None else [one]


def _recognize_one(value: Any) -> MediaValue | None:
    if isinstance(value, MediaValue):
        return value
    if isinstance(value, type):
        return None
    if is_matplotlib_figure(value):
        return MediaValue(value, "figure")
    if hasattr(value, "gcf"):  # matplotlib.pyplot
        return MediaValue(value.gcf(), "figure")
    if hasattr(value, "get_figure"):  # Matplotlib's axes
        return MediaValue(value.get_figure(), "figure")
    if hasattr(value, "to_plotly_json"):
        return MediaValue(value, "figure")
    if hasattr(value, "itertuples"):  # a data frame
        return MediaValue(value, "table")
    if all(hasattr(value, name) for name in ("save", "mode", "size", "getpixel")):  # PIL
        return MediaValue(value, "image")
    return MediaValue(value, "histogram") if (element_count(value) or 0) > 1 else None
