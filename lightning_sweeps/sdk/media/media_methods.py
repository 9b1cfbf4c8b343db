"""The methods that log media, shared by `Run` and `SweepLogger`. Their names are those of Lightning's other loggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.errors import UsageError

MAX_ITEMS = 1_000
"""Items of one call of `log_image`, `log_audio` or `log_video`."""


class MediaMethods:
    """Logs media through `log_media`, which the subclass defines.

    Nothing here raises into training: a value that cannot be stored is left out, and a warning says so once for its
    key. On a rank that does not log, nothing is encoded or stored.
    """

    def log_media(
        self,
        key: str,
        value: Any,
        kind: str = "file",
        *,
        step: int | None = None,
        caption: str = "",
        index: int = 0,
        **options: Any,
    ) -> None:
        """Log a value with a media type.

        The encoded file is stored in the home folder under the hash of its content; the service uploads it after the
        rows. If the value cannot be encoded or stored, a warning says so once for the key and training continues.

        Args:
            key: the name shown in the dashboard, 1 to 512 printable characters.
            value: what to log. The media type determines which Python types are allowed.
            kind: the media type: `image`, `video`, `audio`, `table`, `histogram`, `confusion_matrix`, `figure`, `text`,
                `html`, `json`, `file`, or one of an installed package.
            step: the step, as in `log`. Default: the step of the last row.
            caption: text shown with it.
            index: position among several values of one key and step.
            options: options of the media type, for example `mime="image/png"` for a `file` of bytes.

        Example:
            >>> run.log_media("attention", png_bytes, mime="image/png", step=100)
            >>> run.log_media("best", "CC(=O)O", kind="molecule")  # a media type of another package
        """
        raise NotImplementedError

    def log_image(
        self,
        key: str,
        images: Any,
        step: int | None = None,
        *,
        caption: Sequence[str] | None = None,
        **others: Any,
    ) -> None:
        """Log images.

        Args:
            key: the name shown in the dashboard.
            images: a list of paths, PIL images, Matplotlib figures, tensors or arrays, or one of them, or a batch of
                shape (images, channels, height, width). Arrays have the shape (height, width), (height, width,
                channels) or (channels, height, width) with 1 to 4 channels; integers are 0 to 255, floats 0 to 1 or 0
                to 255.
            step: the step. Default: the step of the last row.
            caption: one caption for each image.
            others: options of other loggers, such as `masks`. They are ignored, and a warning says so.

        Example:
            >>> run.log_image("samples", [batch[0], batch[1]], step=100, caption=["cat", "dog"])
        """
        self._log_each(key, "image", images, step, caption, {}, others)

    def log_audio(
        self,
        key: str,
        audios: Any,
        step: int | None = None,
        *,
        sample_rate: int | Sequence[int] | None = None,
        caption: Sequence[str] | None = None,
        **others: Any,
    ) -> None:
        """Log audio. Samples are stored as 16-bit WAV.

        Args:
            key: the name shown in the dashboard.
            audios: a list of paths, or of samples from -1 to 1 of shape (samples,) or (channels, samples).
            step: the step. Default: the step of the last row.
            sample_rate: samples per second, one for all or one for each. Required for samples.
            caption: one caption for each.
            others: options of other loggers, such as `masks`. They are ignored, and a warning says so.
        """
        self._log_each(key, "audio", audios, step, caption, {"sample_rate": sample_rate}, others)

    def log_video(
        self,
        key: str,
        videos: Any,
        step: int | None = None,
        *,
        fps: float | Sequence[float] = 4.0,
        caption: Sequence[str] | None = None,
        **others: Any,
    ) -> None:
        """Log videos. Frames are stored as an animated PNG.

        Args:
            key: the name shown in the dashboard.
            videos: a list of paths, or of frames of shape (time, channels, height, width).
            step: the step. Default: the step of the last row.
            fps: frames per second, one for all or one for each. Ignored for paths.
            caption: one caption for each.
            others: options of other loggers, such as `masks`. They are ignored, and a warning says so.
        """
        self._log_each(key, "video", videos, step, caption, {"fps": fps}, others)

    def log_table(
        self,
        key: str,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log a table.

        Args:
            key: the name shown in the dashboard.
            columns: names of the columns.
            data: rows of cells.
            dataframe: a data frame, such as one of pandas, in place of `columns` and `data`.
            step: the step. Default: the step of the last row.
        """
        table = dataframe if dataframe is not None else data
        self.log_media(key, [] if table is None else table, kind="table", step=step, columns=columns)

    def log_text(
        self,
        key: str,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[str]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
        *,
        text: str | None = None,
    ) -> None:
        """Log a text, or a table of texts.

        Args:
            key: the name shown in the dashboard.
            columns: names of the columns of a table, as in `log_table`.
            data: rows of a table, as in `log_table`.
            dataframe: a data frame, as in `log_table`.
            step: the step. Default: the step of the last row.
            text: one text, in place of a table.
        """
        if text is None:
            self.log_table(key, columns, data, dataframe, step)
        else:
            self.log_media(key, text, kind="text", step=step)

    def log_html(self, key: str, html: str, step: int | None = None) -> None:
        """Log HTML. The dashboard offers it as a download, because it may contain scripts.

        Args:
            key: the name shown in the dashboard.
            html: the HTML, at most 16 MiB.
            step: the step. Default: the step of the last row.
        """
        self.log_media(key, html, kind="html", step=step)

    def log_histogram(self, key: str, values: Any, step: int | None = None, *, bins: int = 64) -> None:
        """Log the distribution of numbers.

        Args:
            key: the name shown in the dashboard.
            values: a tensor, an array or a list of any shape. NaN and infinite elements are counted separately.
            step: the step. Default: the step of the last row.
            bins: number of bins of equal width, 1 to 4096.
        """
        self.log_media(key, values, kind="histogram", step=step, bins=bins)

    def log_figure(self, key: str, figure: Any, step: int | None = None) -> None:
        """Log a figure.

        Args:
            key: the name shown in the dashboard.
            figure: a Matplotlib figure (stored as PNG) or a Plotly figure (stored as JSON).
            step: the step. Default: the step of the last row.
        """
        self.log_media(key, figure, kind="figure", step=step)

    def log_confusion_matrix(
        self, key: str, matrix: Any, step: int | None = None, *, labels: Sequence[str] | None = None
    ) -> None:
        """Log a confusion matrix.

        Args:
            key: the name shown in the dashboard.
            matrix: shape (classes, classes). Rows are true classes, columns predicted ones.
            step: the step. Default: the step of the last row.
            labels: names of the classes.
        """
        self.log_media(key, matrix, kind="confusion_matrix", step=step, labels=labels)

    def log_file(self, key: str, path: str | Path, step: int | None = None) -> None:
        """Log a file unchanged.

        Args:
            key: the name shown in the dashboard.
            path: the file. It is copied before the call returns.
            step: the step. Default: the step of the last row.
        """
        self.log_media(key, path, kind="file", step=step)

    def _report_media(self, key: Any, kind: str, problem: str) -> None:
        raise NotImplementedError

    def _log_each(
        self,
        key: str,
        kind: str,
        items: Any,
        step: int | None,
        captions: Any,
        options: Mapping[str, Any],
        others: Mapping[str, Any],
    ) -> None:
        """Log each item of a list; an option is one value for all items or a list with one value for each."""
        try:
            each = _list_items(items)
            texts = _one_each("caption", captions, len(each))
            values = {name: _one_each(name, value, len(each)) for name, value in options.items()}
        except Exception as error:  # a user's object may raise anything
            self._report_media(key, kind, str(error))
            return
        if others:
            self._report_media(f"{key} options", kind, f"ignored: {', '.join(map(str, others))}")
        for index, item in enumerate(each):
            own_options = {name: listed[index] for name, listed in values.items()}
            self.log_media(key, item, kind, step=step, caption=texts[index], index=index, **own_options)


def _list_items(items: Any) -> list[Any]:
    """Return the items of a list or of a batch of shape (items, channels, height, width); anything else is one item."""
    if getattr(items, "ndim", None) == 4 or isinstance(items, list | tuple):
        found = list(items)
        if len(found) > MAX_ITEMS:
            raise UsageError(f"{len(found)} items in one call, allowed: {MAX_ITEMS}")
        return found
    return [items]


def _one_each(name: str, value: Any, count: int) -> list[Any]:
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise UsageError(f"`{name}` has {len(value)} values for {count} items", hint="give one value for each item")
    return list(value)
