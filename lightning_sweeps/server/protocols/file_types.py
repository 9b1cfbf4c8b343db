"""Tells the MIME types of uploaded files."""

from __future__ import annotations

import mimetypes

from lightning_sweeps.core.mime_types import BINARY


def mime_type(path: str) -> str:
    """Return the MIME type of a file, by its name."""
    return mimetypes.guess_type(path)[0] or BINARY
