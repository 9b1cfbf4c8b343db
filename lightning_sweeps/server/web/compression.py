"""Compresses the answers of the API. Streams flow as before: each part is sent as soon as it is there."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

API_PREFIX = "/api/"
STORED_PREFIX = "/api/blobs/"
"""Files that people have logged. Most are compressed already, and clients read parts of them."""
PACKED_PATH = "/api/series/packed"
LEAST_BYTES = 500
LEVEL = 5
PACKED_LEVEL = 1
"""Of numbers in binary form, which a better level hardly makes smaller, but takes four times as long for."""
GZIP_FORMAT = 16 + zlib.MAX_WBITS


class Compression:
    """ASGI middleware that compresses the answers of the API for clients that accept gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=LEAST_BYTES, compresslevel=LEVEL)
        self._packed = GZipMiddleware(app, minimum_size=LEAST_BYTES, compresslevel=PACKED_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app_for(scope)(scope, receive, send)

    def _app_for(self, scope: Scope) -> ASGIApp:
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith(API_PREFIX) or path.startswith(STORED_PREFIX):
            return self._app
        return self._packed if path == PACKED_PATH else self._compressed


async def compressed(events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Compress a stream of events: each one can be read as soon as it arrives, and costs what is new in it."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_FORMAT)
    async with aclosing(events):
        async for event in events:
            yield compressor.compress(event) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()
