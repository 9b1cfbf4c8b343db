"""Stores blobs: the content of media and artifacts, as files named by their SHA-256.

Every blob is stored once, complete and verified. Several server processes may share the folder: a lock file for each
pair of first digits serializes storing and deleting. With a URL (see `remote_storage.py`) the folder holds only uploads
in progress, and the database serializes storing and deleting.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import PRIVATE_FILE, BlobFolder, make_private_folder
from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.store.blobs.remote_storage import RemoteStorage, is_url, open_remote
from lightning_sweeps.store.database import Store

CHUNK_BYTES = 1 << 20
STALE_UPLOAD_S = 7 * 86400.0
"""An upload that has not grown for this long is removed."""


def _on_one_machine(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class BlobStorage:
    """A folder of blobs, or a folder for uploads with a remote storage behind it.

    Args:
        folder: the folder.
        near: a folder with the same layout where processes on this machine store blobs; these are linked instead of
            uploaded. None: no such folder.
        remote: where complete blobs are stored; None: in the folder.
        alone: a lock across all servers, by digest.
    """

    folder: BlobFolder
    near: Path | None = None
    remote: RemoteStorage | None = None
    alone: Callable[[str], AbstractContextManager[None]] = _on_one_machine

    def path(self, digest: str) -> Path:
        """Return the path of a blob, which may not exist.

        Raises:
            UsageError: the digest is not a SHA-256 in hexadecimal form.
        """
        if not is_digest(digest):
            raise UsageError(f"the digest `{digest[:80]}` is not a SHA-256: use 64 hexadecimal digits in lower case")
        return self.folder.blob(digest)

    def offset(self, digest: str) -> int:
        """Return how many bytes of an upload have arrived."""
        try:
            return self.folder.upload(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, digest: str, offset: int, data: bytes, *, size_bytes: int, on_stored: Callable[[], None]) -> int:
        """Append to an upload, and return how many bytes have arrived. Bytes that have already arrived are skipped.

        The last part completes the blob, which is then verified and stored.

        Args:
            digest: the blob.
            offset: position of `data` in the blob.
            data: the bytes.
            size_bytes: size of the whole blob.
            on_stored: called when the blob is stored, while it is locked.

        Raises:
            UsageError: the blob's digest or size differs from the announced one. The upload is dropped.
            OSError: the blob cannot be written.
        """
        self.path(digest)
        make_private_folder(self.folder.uploads)
        upload = self.folder.upload(digest)
        with self.locked(digest):
            if self._is_there(digest, size_bytes):
                on_stored()
                return size_bytes
            with upload.open("ab") as stream:
                known = stream.tell()
                if offset <= known:
                    stream.write(data[known - offset :])
                    stream.flush()
                    known = stream.tell()
                if known >= size_bytes:
                    os.fsync(stream.fileno())
            if known >= size_bytes:
                self._complete(upload, digest, size_bytes)
                on_stored()
            return known

    def adopt(self, digest: str, *, size_bytes: int, on_stored: Callable[[], None]) -> bool:
        """Take over a blob that a process on this machine has stored; return True if there was a complete one.

        Args:
            digest: the blob.
            size_bytes: its size.
            on_stored: as in `append`.
        """
        if self.near is None or not is_digest(digest):
            return False
        source = self.near / digest[:2] / digest
        with self.locked(digest):
            path = self.path(digest)
            try:
                if not self._is_there(digest, size_bytes):
                    if source.stat().st_size != size_bytes or _digest_of(source) != digest:
                        return False
                    if self.remote is None:
                        path.hardlink_to(source)
                    else:
                        self.remote.put(source, digest)
            except OSError:  # removed, or on another file system: then it is uploaded
                return False
            on_stored()
        return True

    def remove(self, digest: str) -> None:
        """Remove a blob. The caller holds `locked(digest)` and has checked that nothing refers to it."""
        if self.remote is not None:
            self.remote.remove(digest)
        self.path(digest).unlink(missing_ok=True)

    def size(self, digest: str) -> int | None:
        """Return the size of a blob in bytes; None if it is not stored."""
        if self.remote is not None:
            return self.remote.size(digest)
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def existing_size(self, digest: str) -> int:
        """Return the size of a blob in bytes.

        Raises:
            NotFound: the blob is not stored.
        """
        self.path(digest)
        size = self.size(digest)
        if size is None:
            raise NotFound(
                f"the server does not have the blob `{digest[:16]}...`",
                hint="the machine that logged it uploads it: check that the service still runs there",
            )
        return size

    def read(self, digest: str, size_bytes: int) -> Iterator[bytes]:
        """Yield the bytes of a stored blob in pieces."""
        if self.remote is not None:
            yield from self.remote.read(digest, 0, size_bytes)
            return
        with self.path(digest).open("rb") as stream:
            while piece := stream.read(CHUNK_BYTES):
                yield piece

    def remove_stale_uploads(self) -> int:
        """Remove uploads that have stopped, and return how many."""
        stale = [path for path in self._uploads() if time.time() - path.stat().st_mtime > STALE_UPLOAD_S]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    @contextmanager
    def locked(self, digest: str) -> Iterator[None]:
        """Hold the lock for storing and removing a blob, across all processes."""
        lock = self.folder.lock(digest)
        make_private_folder(lock.parent)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with self.alone(digest):
                yield
        finally:
            os.close(descriptor)

    def _is_there(self, digest: str, size_bytes: int) -> bool:
        """Return True if a blob is stored completely; a remote storage may have a part of it."""
        if self.remote is None:
            return self.path(digest).exists()
        return self.remote.size(digest) == size_bytes

    def _uploads(self) -> list[Path]:
        return [path for path in self.folder.uploads.glob("*") if path.is_file()]

    def _complete(self, upload: Path, digest: str, size_bytes: int) -> None:
        found = upload.stat().st_size
        if found == size_bytes and _digest_of(upload) == digest:
            if self.remote is None:
                make_private_folder(self.path(digest).parent)
                upload.replace(self.path(digest))
            else:
                self.remote.put(upload, digest)
                upload.unlink()
            return
        upload.unlink()
        raise UsageError(
            f"the upload `{digest[:16]}...` has {found} bytes that do not match its digest",
            hint="upload it again from the beginning",
        )


def open_blob_storage(location: str | None, store: Store, *, folder: Path, near: Path | None = None) -> BlobStorage:
    """Open the blobs at a location.

    Args:
        location: a folder, or a URL that fsspec supports; None: `folder`.
        store: the database that lists the blobs.
        folder: the default folder; with a URL it holds the uploads in progress.
        near: a folder where processes on this machine store blobs; None: no such folder.

    Raises:
        UsageError: the URL cannot be used.
    """
    if location is None or not is_url(location):
        return BlobStorage(BlobFolder(Path(location).expanduser().absolute() if location else folder), near)
    return BlobStorage(BlobFolder(folder), near, open_remote(location), partial(store.alone, "blob"))


def refuse_large(digest: str, size_bytes: int, *, limit_bytes: int) -> None:
    """Check the size of a blob against the server's limit.

    Raises:
        ServerRefused: the blob is too large (413).
    """
    if size_bytes > limit_bytes:
        raise ServerRefused(
            f"the blob `{digest[:16]}...` has {size_bytes} bytes, allowed: {limit_bytes}",
            status=413,
            hint="`lightning-sweeps server --max-file-gb` sets the limit",
        )


def refuse_over_quota(used_bytes: Mapping[str, int], size_bytes: int, *, quota_bytes: int) -> None:
    """Check that one of the projects that would have a blob has room for it.

    Args:
        used_bytes: what each of these projects stores.
        size_bytes: size of the blob.
        quota_bytes: what a project may store.

    Raises:
        ServerRefused: none of them has room (507).
    """
    if any(bytes_there + size_bytes <= quota_bytes for bytes_there in used_bytes.values()):
        return
    projects = ", ".join(f"`{name}` stores {bytes_there}" for name, bytes_there in used_bytes.items())
    raise ServerRefused(
        f"{size_bytes} more bytes would exceed the quota of {quota_bytes} bytes: {projects}",
        status=507,
        hint="delete artifact versions and run `lightning-sweeps db compact`, or raise `--quota-gb` of the server",
    )


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
