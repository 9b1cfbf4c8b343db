"""Downloads artifacts of other machines from the server: their versions, their files, and the blobs of these files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import find_server
from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import ServerError, ServerUnreachable, UsageError

QUERY_TIMEOUT_S = 8.0
READ_TIMEOUT_S = 60.0
ATTEMPTS = 4
"""An interrupted download is resumed this many times."""


def versions(settings: Settings, project: str, name: str) -> list[m.Artifact] | None:
    """Return the versions of an artifact that the server has, newest first; None if there is no server.

    Raises:
        ServerError: the server does not answer, or it rejects the request.
    """
    client = _client(settings, QUERY_TIMEOUT_S)
    if client is None:
        return None
    with client:
        return client.artifacts(project=project, name=name)


def files(settings: Settings, artifact_id: str) -> list[m.ArtifactFile]:
    """Return the files of a version of an artifact.

    Raises:
        ServerError: there is no server, it does not answer, or it has no such version.
    """
    with _client(settings, QUERY_TIMEOUT_S) or _no_server() as client:
        return client.artifact_files(artifact_id)


def download_blobs(settings: Settings, home: Home, digests: Sequence[str]) -> None:
    """Download the blobs that the home folder does not have. Each is checked before it appears there.

    Raises:
        ServerError: there is no server, it does not answer, or it does not have one of the blobs.
        UsageError: a digest is not a SHA-256 hex string.
        OSError: a blob cannot be written.
    """
    missing = [digest for digest in dict.fromkeys(digests) if not _path(home, digest).exists()]
    if not missing:
        return
    with _client(settings, READ_TIMEOUT_S) or _no_server() as client:
        for digest in missing:
            download_blob(client, digest, _path(home, digest))


def download_blob(client: Client, digest: str, path: Path) -> None:
    """Download a blob into the file `path`. The file appears only when it is complete and its digest is right.

    Raises:
        ServerError: the server does not answer, does not have the blob, or sends another one.
        OSError: the file cannot be written.
    """
    make_private_folder(path.parent)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".download.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            found = hashlib.sha256()
            for left in reversed(range(ATTEMPTS)):
                try:
                    for piece in client.blob(digest, offset=stream.tell()):
                        stream.write(piece)
                        found.update(piece)
                    break
                except ServerUnreachable:
                    if not left:
                        raise
        if found.hexdigest() != digest:
            raise ServerError(f"`{client.url}` sent another blob than `{digest[:16]}...`", hint="try again")
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _client(settings: Settings, timeout_s: float) -> Client | None:
    """Return a client of a running server, or None if there is none or the mode is offline. Never starts a server."""
    address = find_server(settings) if settings.mode == "online" else None
    return (
        None if address is None else Client(address.url, address.token, timeout_s=timeout_s, ca_file=settings.ca_file)
    )


def _no_server() -> Client:
    raise ServerUnreachable(
        "there is no server to download from", hint="`lightning-sweeps server --where` shows which server is used"
    )


def _path(home: Home, digest: str) -> Path:
    if not is_digest(digest):
        raise UsageError(
            f"`{digest[:80]}` is not a SHA-256 hex string", hint="the list of files that contains it is damaged"
        )
    return home.blob(digest)
