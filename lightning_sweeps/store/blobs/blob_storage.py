"""The contents of media and artifacts as files: named by their SHA-256, each once, whole and checked.

Any number of server processes may share the folder; a lock file per first two digits orders who stores and who deletes.
Behind a URL (see `remote.py`) the folder holds only what is on its way, and the database orders who stores and deletes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import PRIVATE_FILE, BlobFolder, make_private_folder
from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.store.blobs.remote_storage import Remote, is_url, open_remote
from lightning_sweeps.store.database import Store

CHUNK_BYTES = 1 << 20
UPLOAD_LASTS_S = 7 * 86400.0
"""A part that has not grown for so long is taken away."""


def _on_one_machine(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class BlobStorage:
    """The folder of contents.

    Args:
        near: a folder of the same form whose files processes on this machine write: what lies there is linked and not
            sent; None where there is none.
        remote: where whole contents are kept; None: in the folder.
        alone: being the only one of all servers that has to do with something of this name, while it is entered.
    """

    folder: BlobFolder
    near: Path | None = None
    remote: Remote | None = None
    alone: Callable[[str], AbstractContextManager[None]] = _on_one_machine

    def path(self, digest: str) -> Path:
        """Return the file of a content, which may not be there.

        Raises:
            UsageError: `digest` is none.
        """
        if not is_digest(digest):
            raise UsageError(f"`{digest[:80]}` is no digest, allowed: 64 hexadecimal digits in lower case")
        return self.folder.blob(digest)

    def offset(self, digest: str) -> int:
        """Return how many bytes of a content that is on its way have come."""
        try:
            return self.folder.upload(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, digest: str, offset: int, data: bytes, *, size_bytes: int, note_whole: Callable[[], None]) -> int:
        """Add a part and return how many bytes there are now; a part that is known already changes nothing.

        The last part makes the content whole: it is checked, and then it is there.

        Args:
            note_whole: called when the content is there, before anybody can take it away again.

        Raises:
            UsageError: the content has another digest than its name, or more bytes than it should; all is dropped.
            OSError: it cannot be written.
        """
        self.path(digest)
        make_private_folder(self.folder.uploads)
        upload = self.folder.upload(digest)
        with self.locked(digest):
            if self._is_there(digest, size_bytes):
                note_whole()
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
                note_whole()
            return known

    def adopt(self, digest: str, *, size_bytes: int, note_whole: Callable[[], None]) -> bool:
        """Take over a file that a process on this machine has written; return whether there was one that is whole.

        Args:
            note_whole: as in `append`.
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
            except OSError:  # gone, or on another file system: then it is sent
                return False
            note_whole()
        return True

    def remove(self, digest: str) -> None:
        """Take a content away. The caller holds `locked(digest)` and has seen that nothing names it."""
        if self.remote is not None:
            self.remote.remove(digest)
        self.path(digest).unlink(missing_ok=True)

    def size(self, digest: str) -> int | None:
        """Return how long a content is; None where it is not there."""
        if self.remote is not None:
            return self.remote.size(digest)
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def existing_size(self, digest: str) -> int:
        """Return how long a content is.

        Raises:
            NotFound: the server does not have it.
        """
        self.path(digest)
        size = self.size(digest)
        if size is None:
            raise NotFound(
                f"the server does not have the content `{digest[:16]}...`",
                hint="it is sent by the machine that logged it: is the service there still running?",
            )
        return size

    def remove_stale_uploads(self) -> int:
        """Take away parts that nobody goes on with; return how many."""
        stale = [path for path in self._uploads() if time.time() - path.stat().st_mtime > UPLOAD_LASTS_S]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    @contextmanager
    def locked(self, digest: str) -> Iterator[None]:
        """Be the only one, over all processes, that stores or removes this content."""
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
        """Tell whether a content is there whole; behind a URL it may be there in part."""
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
            f"what was sent as `{digest[:16]}...` is {found} bytes of another content than its name says",
            hint="send it again from the beginning",
        )


def open_blob_storage(place: str | None, store: Store, *, folder: Path, near: Path | None = None) -> BlobStorage:
    """Return the contents that are kept at `place`.

    Args:
        place: a folder, or a URL of fsspec; None: `folder`, which also takes what is on its way to a URL.
        store: the database that knows them.

    Raises:
        UsageError: there can be none.
    """
    if place is None or not is_url(place):
        return BlobStorage(BlobFolder(Path(place).expanduser().absolute() if place else folder), near)
    return BlobStorage(BlobFolder(folder), near, open_remote(place), partial(store.alone, "content"))


def refuse_large(digest: str, size_bytes: int, *, limit_bytes: int) -> None:
    """Refuse a content that is larger than the server takes.

    Raises:
        ServerRefused: it is (413).
    """
    if size_bytes > limit_bytes:
        raise ServerRefused(
            f"the content `{digest[:16]}...` has {size_bytes} bytes, allowed are {limit_bytes}",
            status=413,
            hint="who runs the server sets the limit: `lightning-sweeps server --max-file-gb`",
        )


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
