"""Stores blobs on a remote file system that fsspec supports: S3, Google Cloud Storage and others.

Every blob is an object named by its digest. A server writes it in one piece after the upload is complete and verified.
If the server is killed meanwhile, the object has a wrong size and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_sweeps.errors import UsageError

CHUNK_BYTES = 1 << 20
SEPARATOR = "://"


def is_url(location: str) -> bool:
    """Return True if a location is a URL, False if it is a folder."""
    return SEPARATOR in location


@dataclass(frozen=True, slots=True)
class RemoteStorage:
    """A folder on a remote file system. Threads share it.

    Args:
        files: fsspec's `AbstractFileSystem`.
        root: path of the folder.
    """

    files: Any
    root: str

    def path(self, digest: str) -> str:
        """Return the path of a blob."""
        return f"{self.root}/{digest[:2]}/{digest}"

    def size(self, digest: str) -> int | None:
        """Return the size of a blob in bytes; None if it is not stored."""
        self.files.invalidate_cache()  # another server may have written it
        try:
            return int(self.files.info(self.path(digest))["size"])
        except FileNotFoundError:
            return None

    def put(self, source: Path, digest: str) -> None:
        """Store the file `source` as a blob."""
        path = self.path(digest)
        self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.files.put_file(str(source), path)

    def read(self, digest: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of a blob from `start` to before `end`, in pieces."""
        with self.files.open(self.path(digest), "rb") as stream:
            stream.seek(start)
            while start < end and (piece := stream.read(min(CHUNK_BYTES, end - start))):
                start += len(piece)
                yield piece

    def remove(self, digest: str) -> None:
        """Remove a blob if it is stored."""
        if self.size(digest) is not None:
            self.files.rm_file(self.path(digest))


def open_remote(url: str) -> RemoteStorage:
    """Open the folder at a URL such as `s3://bucket/folder`. Its library reads the credentials from its own settings.

    Raises:
        UsageError: fsspec does not support the URL's protocol, or the library for it is not installed.
    """
    import fsspec  # slow to import, and few servers need it

    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise UsageError(
            f"blobs cannot be stored at `{url}` ({error})",
            hint="use a folder, or a URL that fsspec supports; `pip install s3fs` for s3://, `gcsfs` for gs://",
        ) from error
    return RemoteStorage(files, root.rstrip("/"))
