"""Content-addressed files: each content once, whole before anybody is told its name."""

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
    """A content: the SHA-256 of its bytes in hex, and how many there are."""

    digest: str
    size_bytes: int


def put_bytes(home: Home, data: bytes) -> Blob:
    """Keep `data` and return its name. Not synced: what is logged in a crashed machine's last second may be lost.

    Raises:
        OSError: it cannot be written.
    """
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
    path = home.blob(blob.digest)
    if not path.exists():
        write_whole(path, data, is_synced=False)
    return blob


def put_file(home: Home, source: Path) -> Blob:
    """Keep a copy of the file `source` and return its name: a link would change with the file.

    Raises:
        OSError: it cannot be read, or not be written.
    """
    make_private_folder(home.media)
    with tempfile.NamedTemporaryFile(dir=home.media, prefix=".new.", delete=False) as copy:
        beside = Path(copy.name)
    try:
        shutil.copyfile(source, beside)
        blob = describe_file(beside)
        path = home.blob(blob.digest)
        make_private_folder(path.parent)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return blob


def describe_file(path: Path) -> Blob:
    """Return the name of what `path` holds."""
    digest = hashlib.sha256()
    size_bytes = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return Blob(digest.hexdigest(), size_bytes)
