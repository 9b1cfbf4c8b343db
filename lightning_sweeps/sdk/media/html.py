"""Encodes HTML."""

from __future__ import annotations

from lightning_sweeps.core.mime_types import HTML
from lightning_sweeps.sdk.media.media_type import EncodedMedia
from lightning_sweeps.sdk.media.text import encode_text


class HtmlType:
    """The media type `html`. The dashboard offers it as a download, because a page of a run may contain scripts."""

    accepted = "HTML as a string"

    def accepts(self, value: object) -> bool:
        return isinstance(value, str)

    def encode(self, html: str, /) -> EncodedMedia:
        """Return HTML in UTF-8.

        Raises:
            UsageError: the HTML is longer than 16 MiB.
        """
        return EncodedMedia(encode_text(html), HTML)
