"""Makes addresses from which a client downloads a blob without its API key, for an hour, and finds their blobs.

Clients fetch the files that a W&B server names from the storage behind it, and send no key there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import msgspec

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.errors import Forbidden, NotFound
from lightning_sweeps.messages import Artifact, ArtifactFile
from lightning_sweeps.server.protocols.wandb import manifests
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.security import sessions
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.server.web.pages import DOWNLOAD_PREFIX
from lightning_sweeps.store.blobs import artifacts, blob_table
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store


def address(caller: Caller, subject: str, name: str) -> str:
    """Return the address of something that the caller may read.

    Args:
        caller: who asks.
        subject: the digest of a blob, or the id of an artifact, for its manifest.
        name: the file's name.
    """
    signed = caller.keys.digest_of(caller.sender.key_name or "")
    assert signed is not None  # noqa: S101  the request has a valid key
    token = sessions.issue("download", signed, expires=time.time() + sessions.DOWNLOAD_S, subject=subject)
    return f"{caller.address}{DOWNLOAD_PREFIX}{token}/{quote(name)}"


def subject_of(keys: ApiKeys, token: str) -> str:
    """Return what a token is for.

    Raises:
        Forbidden: the token is not valid, or no longer.
    """
    if keys.name_of_token("download", token) is None:
        raise Forbidden(
            "the address of the download has expired, or it was not made by this server",
            status=403,
            hint="ask for the artifact again",
        )
    return token.split(".")[1]


def file_address(caller: Caller, file: ArtifactFile) -> str:
    """Return the address of a file of an artifact."""
    return address(caller, file.digest, file.path.rpartition("/")[2])


def entries_of(store: Store, contents: BlobStorage, found: Artifact) -> manifests.Entries:
    """Return the files and references of a version, as a manifest lists them.

    Raises:
        NotFound: the content of a file is not there yet.
    """
    with store.read() as connection:
        files = artifacts.list_files(connection, found.id)
    listed = next((one for one in files if one.path == manifests.REFERENCES_FILE), None)
    references = {} if listed is None else msgspec.json.decode(b"".join(read(contents, listed.digest)))
    return manifests.entries_of(found.id, files, find_md5(store, contents, {one.digest for one in files}), references)


def find_md5(store: Store, contents: BlobStorage, digests: Iterable[str]) -> dict[str, str]:
    """Return the MD5 of stored blobs by their digest. It is computed for those that no wandb client has uploaded.

    Raises:
        NotFound: the content of one of them is not there yet.
    """
    wanted = set(digests)
    with store.read() as connection:
        known = blob_table.find_md5(connection, wanted)
    for digest in sorted(wanted - known.keys()):
        computed = hashlib.md5(usedforsecurity=False)
        for piece in read(contents, digest):
            computed.update(piece)
        known[digest] = computed.hexdigest()
        with store.write() as connection:
            blob_table.note_md5(connection, digest, known[digest])
    return known


def read(contents: BlobStorage, digest: str) -> Iterator[bytes]:
    """Yield the content of a blob in pieces.

    Raises:
        NotFound: it is not stored.
    """
    if not is_digest(digest):
        raise NotFound(f"there is no blob `{digest[:80]}`")
    yield from contents.read(digest, contents.existing_size(digest))
