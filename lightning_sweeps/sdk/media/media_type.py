"""Defines the interface of a media type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class EncodedMedia:
    """The result of encoding a value.

    Attributes:
        content: the bytes of the file, or the path of a file that is copied unchanged.
        mime: the MIME type, for example `image/png`.
        note: what was changed in the value, such as clipped pixels, for a warning. Empty: nothing.
    """

    content: bytes | Path
    mime: str
    note: str = ""


class MediaType(Protocol):
    """Encodes one kind of Python value as a file.

    A media type is a class without constructor arguments. One instance encodes one value. It runs in the training
    process, so it must not wait for another process, and it should import heavy libraries only when it encodes.

    Attributes:
        accepted: a description of the values that it accepts, for error messages. For example `a path or an array`.
    """

    accepted: str

    def accepts(self, value: object) -> bool:
        """Return whether `encode` handles values of this type. Must not raise and must not inspect the elements."""
        ...

    def encode(self, value: Any, /, *args: Any, **options: Any) -> EncodedMedia:
        """Encode a value for which `accepts` is true.

        Args:
            value: the value to encode.
            args: never passed. They allow an implementation to declare its own keyword-only options.
            options: the keyword arguments of `Run.log_media` that it does not use itself.

        Raises:
            UsageError: the value or an option cannot be used. `Run.log_media` reports it as a warning.
        """
        ...
