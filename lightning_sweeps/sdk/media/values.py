"""Media as values of a row: `run.log({"sample": Image(pixels, caption="a cat")})`.

The classes have the names and the first arguments of those of W&B.
"""

from __future__ import annotations

from typing import Any


class MediaValue:
    """A value that is stored with a media type instead of in the row.

    Args:
        value: what to store.
        kind: the name of the media type.
        caption: text shown with it.
        options: options of the media type.
    """

    def __init__(self, value: Any, kind: str, *, caption: str | None = None, **options: Any) -> None:
        self.value = value
        self.kind = kind
        self.caption = "" if caption is None else caption
        self.options = options


class Image(MediaValue):
    """An image: a path, a PIL image, a tensor, an array or a Matplotlib figure."""

    def __init__(self, data_or_path: Any, mode: str | None = None, caption: str | None = None, **_others: Any) -> None:
        super().__init__(data_or_path, "image", caption=caption)
        self.mode = mode


class Video(MediaValue):
    """A video: a path, or frames of shape (time, channels, height, width)."""

    def __init__(
        self, data_or_path: Any, caption: str | None = None, fps: float = 4.0, format: str | None = None
    ) -> None:
        super().__init__(data_or_path, "video", caption=caption, fps=fps)
        self.format = format


class Audio(MediaValue):
    """Audio: a path, or samples from -1 to 1 with their rate."""

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        super().__init__(data_or_path, "audio", caption=caption, sample_rate=sample_rate)


class Histogram(MediaValue):
    """The distribution of numbers: a tensor, an array or a list."""

    def __init__(self, sequence: Any, num_bins: int = 64) -> None:
        super().__init__(sequence, "histogram", bins=num_bins)


class Html(MediaValue):
    """HTML. The dashboard offers it as a download."""

    def __init__(self, data: str, inject: bool = True) -> None:  # noqa: ARG002 - W&B's signature
        super().__init__(data, "html")


class Plotly(MediaValue):
    """A Plotly figure."""

    def __init__(self, figure: Any) -> None:
        super().__init__(figure, "figure")


class Table(MediaValue):
    """A table: rows with the names of the columns, or a data frame. Rows may be added until it is logged."""

    def __init__(self, columns: Any = None, data: Any = None, dataframe: Any = None, **_others: Any) -> None:
        super().__init__(dataframe if dataframe is not None else list(data or []), "table", columns=columns)

    def add_data(self, *cells: Any) -> None:
        """Add a row."""
        self.value.append(list(cells))
