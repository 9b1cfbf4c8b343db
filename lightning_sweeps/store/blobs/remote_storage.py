"""BlobStorage on any file system that fsspec knows by a URL: S3, Google Cloud Storage and others.

Each is an object named by its digest. It is written in one go once it has come whole and was checked; what a killed
server has written of it counts for nothing, because it has another length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_sweeps.errors import UsageError

CHUNK_BYTES = 1 << 20
SEPARATOR = "://"


def is_url(place: str) -> bool:
    """Tell whether contents are kept behind a URL, not in a folder."""
    return SEPARATOR in place


@dataclass(frozen=True, slots=True)
class Remote:
    """A folder of a file system of fsspec. Shared between threads.

    Args:
        files: fsspec's `AbstractFileSystem`.
        root: the folder's path there.
    """

    files: Any
    root: str

    def path(self, digest: str) -> str:
        return f"{self.root}/{digest[:2]}/{digest}"

    def size(self, digest: str) -> int | None:
        """Return how long a content is there; None where it is not."""
        self.files.invalidate_cache()  # another server may have written it
        try:
            return int(self.files.info(self.path(digest))["size"])
        except FileNotFoundError:
            return None

    def put(self, source: Path, digest: str) -> None:
        """Write a whole content."""
        path = self.path(digest)
        self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.files.put_file(str(source), path)

    def read(self, digest: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes `start` to `end`, as slices count."""
        with self.files.open(self.path(digest), "rb") as stream:
            stream.seek(start)
            while start < end and (piece := stream.read(min(CHUNK_BYTES, end - start))):
                start += len(piece)
                yield piece

    def remove(self, digest: str) -> None:
        """Take a content away, if it is there."""
        if self.size(digest) is not None:
            self.files.rm_file(self.path(digest))


def open_remote(url: str) -> Remote:
    """Return the folder behind a URL such as `s3://bucket/folder`; how to log in is up to its own library's settings.

    Raises:
        UsageError: fsspec does not know such URLs, or the library for them is not installed.
    """
    import fsspec  # with what it loads for a URL it is heavy, and few servers need it

    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise UsageError(
            f"contents cannot be kept at `{url}` ({error})",
            hint="allowed: a folder, or a URL of fsspec; `pip install s3fs` for s3://, `gcsfs` for gs://",
        ) from error
    return Remote(files, root.rstrip("/"))
