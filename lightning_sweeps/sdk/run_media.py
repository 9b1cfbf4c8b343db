"""Logs media with a run: by the media methods, and from the values of a row that are no numbers."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.core.names import media_key
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.conform import text, whole_number
from lightning_sweeps.journal.records import Media
from lightning_sweeps.sdk.blobs import put_blob
from lightning_sweeps.sdk.guarded import guarded
from lightning_sweeps.sdk.media import MEDIA_TYPES
from lightning_sweeps.sdk.media.media_methods import MediaMethods
from lightning_sweeps.sdk.media.recognize import recognize
from lightning_sweeps.sdk.run_base import RunBase

MAX_PROBLEM = 1000
MAX_KIND = 100
"""Maximum length of the name of a media type."""


class RunMedia(RunBase, MediaMethods):
    """The part of `Run` that stores media."""

    @guarded
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
        writer = self._writer
        if writer is None:
            return
        name = media_key(key)
        if name != key:
            self._report(f"the key of media is stored as `{name}`, allowed: 1 to 512 printable characters", about=name)
        try:
            media_type = MEDIA_TYPES.get(text(kind)[:MAX_KIND])()
            if not media_type.accepts(value):
                raise UsageError(
                    f"a `{type(value).__name__}` cannot be logged as `{kind}`, allowed: {media_type.accepted}"
                )
            encoded = media_type.encode(value, **options)
            blob = put_blob(self._home, encoded.content)
            if encoded.note:
                self._report(f"`{name}`: {encoded.note}", about=f"note {name}")
        except Exception as error:  # a media type may raise anything, and the disk may be full
            kind_of_error = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
            self._report_media(name, text(kind)[:MAX_KIND], f"{kind_of_error}{error}")
            return
        at = self._media_step(step)
        self._reopen()
        writer.append(
            lambda sequence, time: Media(
                sequence, at, time, name, blob.digest, blob.size_bytes, encoded.mime, caption, index
            )
        )

    log_media.__doc__ = MediaMethods.log_media.__doc__

    def _report_media(self, key: Any, kind: str, problem: str) -> None:
        name = media_key(key)
        self._report(
            f"cannot log `{name}` as `{kind}`: {problem[:MAX_PROBLEM]}; training continues without it",
            about=f"{kind} {name}",
        )

    def _media_step(self, step: Any) -> int:
        last = max(0, self._steps.next - 1)
        if step is None:
            return last if self._steps.source is None else self._steps.default()
        try:
            return whole_number(step)
        except Exception:  # the user's object may raise anything
            self._report(
                f"`step` is a `{type(step).__name__}`, allowed: integers; media have the last step", about="step"
            )
            return last

    def _log_other_value(self, step: int, key: str, value: Any) -> bool:
        """Store a value that no row may contain, if it is an image or another kind of media."""
        try:
            found = recognize(value)
        except Exception:  # the user's object may raise anything
            return False
        for index, item in enumerate(found):
            self.log_media(key, item.value, item.kind, step=step, caption=item.caption, index=index, **item.options)
        return bool(found)
