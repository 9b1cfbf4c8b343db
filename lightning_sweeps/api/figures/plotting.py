"""Loads plotly when the first figure is drawn, and defines the style of all figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lightning_sweeps.errors import UsageError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLORS = ("#2f6fdb", "#d9572b", "#2a9d63", "#8e4fc2", "#c29a1a", "#1a9cae", "#c2407f", "#6b7280")
SPREAD = 100.0
"""Positive numbers get a logarithmic axis if the largest is at least this many times the smallest."""


def graph_objects() -> Any:
    """Return `plotly.graph_objects`.

    Raises:
        UsageError: plotly is not installed.
    """
    try:
        import plotly.graph_objects
    except ModuleNotFoundError as error:
        raise UsageError("figures need plotly", hint='pip install "lightning-sweeps[figures]"') from error
    return plotly.graph_objects


def figure(traces: Sequence[Any], **layout: Any) -> Figure:
    """Return a figure with these traces in the common style."""
    looks = {"template": "plotly_white", "colorway": COLORS, "margin": {"l": 60, "r": 30, "t": 50, "b": 50}}
    return graph_objects().Figure(list(traces), looks | layout)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether a logarithmic axis suits these numbers."""
    return bool(values) and min(values) > 0 and max(values) / min(values) >= SPREAD
