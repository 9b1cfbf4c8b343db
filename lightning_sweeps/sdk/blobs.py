"""Stores blobs in the home folder: files that are named by the SHA-256 of their content, each content once."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.core.paths import Home, make_private_folder, write_whole

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """Identifies the content of a file.

    Attributes:
        digest: the SHA-256 of the bytes, in hex.
        size_bytes: the number of bytes.
    """

    digest: str
    size_bytes: int


def put_blob(home: Home, content: bytes | Path) -> Blob:
    """Store bytes or a copy of a file, and return the blob.

    Raises:
        OSError: the file cannot be read or written.
    """
    return put_file(home, content) if isinstance(content, Path) else put_bytes(home, content)


def put_bytes(home: Home, data: bytes) -> Blob:
    """Store `data` and return its blob. The file receives its name only when it is complete.

    The file is not synced: a crash of the machine may lose what was logged in the last second.

    Raises:
        OSError: the file cannot be written.
    """
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
    path = home.blob(blob.digest)
    if not path.exists():
        write_whole(path, data, is_synced=False)
    return blob


def put_file(home: Home, source: Path) -> Blob:
    """Store a copy of the file `source` and return its blob. A link would change with the file.

    Raises:
        OSError: the file cannot be read, or the copy cannot be written.
    """
    make_private_folder(home.media)
    with tempfile.NamedTemporaryFile(dir=home.media, prefix=".new.", delete=False) as copy:
        temporary = Path(copy.name)
    try:
        shutil.copyfile(source, temporary)
        blob = hash_file(temporary)
        path = home.blob(blob.digest)
        make_private_folder(path.parent)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return blob


def hash_file(path: Path) -> Blob:
    """Return the blob of the file at `path` without storing it.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    size_bytes = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return Blob(digest.hexdigest(), size_bytes)
