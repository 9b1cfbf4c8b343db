"""Encodes text."""

from __future__ import annotations

from lightning_sweeps.core.mime_types import TEXT
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.media_type import EncodedMedia

MAX_TEXT_BYTES = 16 * 1024 * 1024


class TextType:
    """The media type `text`."""

    accepted = "a string"

    def accepts(self, value: object) -> bool:
        return isinstance(value, str)

    def encode(self, text: str, /) -> EncodedMedia:
        """Return a text in UTF-8.

        Raises:
            UsageError: the text is longer than 16 MiB.
        """
        return EncodedMedia(encode_text(text), TEXT)


def encode_text(text: str) -> bytes:
    """Return a text in UTF-8.

    Raises:
        UsageError: the text is longer than 16 MiB.
    """
    content = text.encode("utf-8", "replace")
    if len(content) > MAX_TEXT_BYTES:
        raise UsageError(f"a text of {len(content)} bytes, allowed: {MAX_TEXT_BYTES}", hint="log it as a file")
    return content
