"""Returns blobs to the clients of other tools."""

from __future__ import annotations

from fastapi import Response
from starlette.responses import FileResponse, StreamingResponse

from lightning_sweeps.core.mime_types import BINARY
from lightning_sweeps.store.blobs.blob_storage import BlobStorage

HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


def content(contents: BlobStorage, digest: str) -> Response:
    """Return a blob.

    Raises:
        NotFound: it is not stored.
    """
    size_bytes = contents.existing_size(digest)
    if contents.remote is None:
        return FileResponse(contents.path(digest), media_type=BINARY, headers=HEADERS)
    headers = HEADERS | {"Content-Length": str(size_bytes)}
    return StreamingResponse(contents.read(digest, size_bytes), headers=headers, media_type=BINARY)
