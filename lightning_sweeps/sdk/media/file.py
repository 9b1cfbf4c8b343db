"""Stores files and bytes unchanged."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from lightning_sweeps.core.mime_types import BINARY
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.media.media_type import EncodedMedia


class FileType:
    """The media type `file`."""

    accepted = "a path or bytes"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes | str | Path)

    def encode(self, file: bytes | str | Path, /, *, mime: str | None = None) -> EncodedMedia:
        """Return the bytes or the file.

        Args:
            file: the content, or the path of the file that has it.
            mime: the MIME type. Default: the type that belongs to the file's name.

        Raises:
            UsageError: the file does not exist.
        """
        if isinstance(file, bytes):
            return EncodedMedia(file, mime or BINARY)
        return encode_file(file) if mime is None else EncodedMedia(Path(file), mime)


def is_path(value: object) -> bool:
    """Return whether `value` names a file."""
    return isinstance(value, str | Path)


def encode_file(path: str | Path) -> EncodedMedia:
    """Return the file at `path` with the MIME type that belongs to its name.

    Raises:
        UsageError: the file does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file `{path}`")
    mime, _ = mimetypes.guess_type(path.name)
    return EncodedMedia(path, mime or BINARY)
