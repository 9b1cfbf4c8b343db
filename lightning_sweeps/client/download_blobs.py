"""Artifacts from other machines: what the server knows of them, and their contents from there."""

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

ASK_TIMEOUT_S = 8.0
READ_TIMEOUT_S = 60.0
TRIES = 4
"""A download that breaks off goes on where it was so often."""


def versions(settings: Settings, project: str, name: str) -> list[m.Artifact] | None:
    """Return the versions of an artifact that the server has, newest first; None where there is no server to ask.

    Raises:
        ServerError: the server that the settings name does not answer, or refuses.
    """
    client = _client(settings, ASK_TIMEOUT_S)
    if client is None:
        return None
    with client:
        return client.artifacts(project=project, name=name)


def files(settings: Settings, artifact_id: str) -> list[m.ArtifactFile]:
    """Return the files of a version.

    Raises:
        ServerError: there is no server, it does not answer, or it has no such version.
    """
    with _client(settings, ASK_TIMEOUT_S) or _nobody() as client:
        return client.artifact_files(artifact_id)


def fetch_contents(settings: Settings, home: Home, digests: Sequence[str]) -> None:
    """Bring contents into the home folder, each checked before it is there; what is there already is not asked for.

    Raises:
        ServerError: there is no server, it does not answer, or it does not have one of them.
        UsageError: a digest is none.
        OSError: a content cannot be written.
    """
    lacking = [digest for digest in dict.fromkeys(digests) if not _path(home, digest).exists()]
    if not lacking:
        return
    with _client(settings, READ_TIMEOUT_S) or _nobody() as client:
        for digest in lacking:
            fetch_content(client, digest, _path(home, digest))


def fetch_content(client: Client, digest: str, path: Path) -> None:
    """Write a content of the server into the file `path`: whole and checked, or not at all.

    Raises:
        ServerError: the server does not answer, does not have it, or sends something else.
        OSError: it cannot be written.
    """
    make_private_folder(path.parent)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".coming.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            found = hashlib.sha256()
            for left in reversed(range(TRIES)):
                try:
                    for piece in client.blob(digest, offset=stream.tell()):
                        stream.write(piece)
                        found.update(piece)
                    break
                except ServerUnreachable:
                    if not left:
                        raise
        if found.hexdigest() != digest:
            raise ServerError(f"`{client.url}` sent another content than `{digest[:16]}...`", hint="try again")
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _client(settings: Settings, timeout_s: float) -> Client | None:
    """Return a client of the server that is there; none is started for a question, nor asked in offline mode."""
    address = find_server(settings) if settings.mode == "online" else None
    return (
        None if address is None else Client(address.url, address.token, timeout_s=timeout_s, ca_file=settings.ca_file)
    )


def _nobody() -> Client:
    raise ServerUnreachable("there is no server to ask", hint="`lightning-sweeps server --where` says which is used")


def _path(home: Home, digest: str) -> Path:
    if not is_digest(digest):
        raise UsageError(f"`{digest[:80]}` is no digest: what names it is damaged")
    return home.blob(digest)
