"""Receives the body of an upload into a file, checks it, and stores it as a blob."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.core.paths import make_private_folder
from lightning_sweeps.server.protocols.caller import ClientCaller
from lightning_sweeps.store import clock
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import refuse_large, refuse_over_quota

PIECE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spooled:
    """A body in a file, with its digests in hexadecimal form."""

    file: IO[bytes]
    digest: str
    md5: str
    size_bytes: int


@contextmanager
def spool_file(caller: ClientCaller) -> Iterator[IO[bytes]]:
    """Provide a file without a name for a body."""
    folder = caller.contents.folder.uploads
    make_private_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield file


async def receive(caller: ClientCaller, project: str, body: AsyncIterator[bytes], file: IO[bytes]) -> Spooled:
    """Write a body to a file.

    Raises:
        ServerRefused: it is too large, or the project's quota is used up.
    """
    digest, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    limit_bytes = caller.limits.file_bytes
    size_bytes = 0
    async for part in body:
        size_bytes += len(part)
        if size_bytes > limit_bytes:
            continue  # read and drop the rest, so that the sender can read the response
        digest.update(part)
        md5.update(part)
        await run_in_threadpool(file.write, part)
    spooled = Spooled(file, digest.hexdigest(), md5.hexdigest(), size_bytes)
    if size_bytes > limit_bytes:
        refuse_large(spooled.digest, size_bytes, limit_bytes=limit_bytes)
    await run_in_threadpool(check_quota, caller, project, size_bytes)
    return spooled


def in_memory(body: bytes) -> Spooled:
    """Return a short body as one that was received."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Spooled(io.BytesIO(body), hashlib.sha256(body).hexdigest(), md5, len(body))


def store(caller: ClientCaller, spooled: Spooled, *, also: Callable[[Connection], None] | None = None) -> None:
    """Store a spooled body as a blob.

    Args:
        caller: who sends it.
        spooled: the body.
        also: runs in the transaction that lists the blob.
    """

    def note() -> None:
        with caller.store.write() as connection:
            blob_table.note_stored(connection, spooled.digest, size_bytes=spooled.size_bytes, now=clock.now(connection))
            blob_table.note_md5(connection, spooled.digest, spooled.md5)
            if also is not None:
                also(connection)

    spooled.file.seek(0)
    offset = 0
    while True:
        piece = spooled.file.read(PIECE_BYTES)
        caller.contents.append(spooled.digest, offset, piece, size_bytes=spooled.size_bytes, on_stored=note)
        offset += len(piece)
        if offset >= spooled.size_bytes:
            return


def check_quota(caller: ClientCaller, project: str, size_bytes: int) -> None:
    """Check that a project accepts files of a total size.

    Raises:
        QuotaExceeded: it does not.
    """
    if caller.limits.quota_bytes is not None:
        with caller.store.read() as connection:
            used_bytes = blob_table.usage(connection, project).get(project, 0)
        refuse_over_quota({project: used_bytes}, size_bytes, quota_bytes=caller.limits.quota_bytes)
