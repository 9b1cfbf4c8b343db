"""The part of SweepLogger that logs more than numbers, under the names that Lightning's other loggers use.

What cannot be encoded is refused with a UsageError before anything is written: that is a fault of the program. What
cannot be kept (disk full) is said once, and training goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.encoding import (
    TEXT,
    Encoded,
    encode_audio,
    encode_figure,
    encode_file,
    encode_histogram,
    encode_image,
    encode_matrix,
    encode_table,
    encode_video,
)
from lightning_sweeps.sdk.run import Run

MAX_KEY_LENGTH = 512
MAX_ITEMS = 1_000
MAX_TEXT_BYTES = 16 * 1024 * 1024


class MediaLogging:
    """Media of a run. On a rank that does not log, keys and lists are checked, and nothing is encoded or kept."""

    def _current_run(self) -> Run:
        raise NotImplementedError

    def log_image(
        self, key: str, images: Sequence[Any], step: int | None = None, *, caption: Sequence[str] | None = None
    ) -> None:
        """Log images: paths, tensors, arrays, PIL images or figures, each with its caption.

        Raises:
            UsageError: `images` is no list, or one of them is no image.
        """
        self._log_each(key, images, step, caption, encode_image)

    def log_audio(
        self,
        key: str,
        audios: Sequence[Any],
        step: int | None = None,
        *,
        sample_rate: int | Sequence[int] | None = None,
        caption: Sequence[str] | None = None,
    ) -> None:
        """Log sounds: paths, or samples with their `sample_rate` in Hz, one for all or one each.

        Raises:
            UsageError: `audios` is no list, or one of them is no sound.
        """
        rates = iter(_each(sample_rate, len(_checked_list(audios)), "sample_rate"))
        self._log_each(key, audios, step, caption, lambda audio: encode_audio(audio, sample_rate=next(rates)))

    def log_video(
        self,
        key: str,
        videos: Sequence[Any],
        step: int | None = None,
        *,
        fps: float | Sequence[float] = 4.0,
        caption: Sequence[str] | None = None,
    ) -> None:
        """Log films: paths, or frames (time x channels x height x width), which become an animated PNG.

        Raises:
            UsageError: `videos` is no list, or one of them is no film.
        """
        rates = iter(_each(fps, len(_checked_list(videos)), "fps"))
        self._log_each(key, videos, step, caption, lambda video: encode_video(video, frames_per_s=next(rates)))

    def log_table(
        self,
        key: str,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log a table: rows with the names of their columns, or a data frame.

        Raises:
            UsageError: rows and columns do not fit, or there are too many cells.
        """
        self._log_media(key, step, lambda: encode_table(columns, data, dataframe))

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
        """Log a table of texts as `log_table` does, or one `text`.

        Raises:
            UsageError: the text is longer than 16 MiB, or as for `log_table`.
        """
        if text is None:
            self.log_table(key, columns, data, dataframe, step)
            return
        content = text.encode("utf-8", "replace")
        if len(content) > MAX_TEXT_BYTES:
            raise UsageError(f"`{key}` is a text of {len(content)} bytes, allowed: {MAX_TEXT_BYTES}")
        self._log_media(key, step, lambda: Encoded(content, TEXT))

    def log_histogram(self, key: str, values: Any, step: int | None = None, *, bins: int = 64) -> None:
        """Log how the elements of a tensor, an array or a list are spread.

        Raises:
            UsageError: they are no numbers, or `bins` cannot be used.
        """
        self._log_media(key, step, lambda: encode_histogram(values, bins=bins))

    def log_figure(self, key: str, figure: Any, step: int | None = None) -> None:
        """Log a figure of Matplotlib or Plotly.

        Raises:
            UsageError: it is neither.
        """
        self._log_media(key, step, lambda: encode_figure(figure))

    def log_confusion_matrix(
        self, key: str, matrix: Any, step: int | None = None, *, labels: Sequence[str] | None = None
    ) -> None:
        """Log a confusion matrix, rows true and columns predicted."""
        self._log_media(key, step, lambda: encode_matrix(matrix, labels=labels))

    def log_file(self, key: str, path: str | Path, step: int | None = None) -> None:
        """Log any file as it is.

        Raises:
            UsageError: there is none.
        """
        self._log_each(key, [path], step, None, encode_file)

    # inside

    def _log_each(self, key: str, items: Sequence[Any], step: int | None, captions: Any, encode: Any) -> None:
        count = len(_checked_list(items))
        texts = _each(captions, count, "caption") if captions is not None else [""] * count
        for index, (item, caption) in enumerate(zip(items, texts, strict=True)):
            self._log_media(key, step, lambda item=item: encode(item), caption=str(caption), index=index)

    def _log_media(self, key: str, step: int | None, encode: Any, *, caption: str = "", index: int = 0) -> None:
        _check_key(key)
        run = self._current_run()
        if not run.is_recording:
            return
        encoded: Encoded = encode()
        run.log_media(key, encoded.content, mime=encoded.mime, step=step, caption=caption, index=index)


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        raise UsageError(f"the key is `{str(key)[:80]!r}`, allowed: 1 to {MAX_KEY_LENGTH} printable characters")


def _checked_list(items: Any) -> Sequence[Any]:
    if not isinstance(items, list | tuple):
        raise UsageError(f"a list is expected, found a `{type(items).__name__}`", hint="put a single one into `[...]`")
    if len(items) > MAX_ITEMS:
        raise UsageError(f"{len(items)} items in one call, allowed: {MAX_ITEMS}")
    return items


def _each(value: Any, count: int, name: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise UsageError(f"`{name}` has {len(value)} items for {count}", hint="give one each")
    return list(value)
