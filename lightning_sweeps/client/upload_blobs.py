"""Uploads the blobs that a journal's rows refer to. Used by the service and by `lightning-sweeps sync`.

The server lists the blobs that it does not have, so no state is needed here if a process is killed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.client.pages import pages_after
from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import ServerRefused, Unauthorized
from lightning_sweeps.messages import BlobState

logger = logging.getLogger("lightning_sweeps.client.upload_blobs")

PART_BYTES = 8 * 1024 * 1024
PAGE_BLOBS = 500


@dataclass(frozen=True, slots=True)
class BlobUpload:
    """The result of one `upload_blobs`.

    Attributes:
        uploaded: number of blobs that the server now has.
        missing: number of blobs that are not in the home folder.
        rejection: the server's reason for rejecting a blob; empty if it rejected none.
    """

    uploaded: int = 0
    missing: int = 0
    rejection: str = ""


def upload_blobs(client: Client, home: Home, journal_id: str) -> BlobUpload:
    """Upload every blob that the journal's committed rows refer to and that the server does not have.

    Raises:
        ServerUnreachable: the server does not answer. It keeps what was uploaded before; the call can be repeated.
        Unauthorized: the server does not accept the API key.
        OSError: a blob cannot be read.
    """
    uploaded = missing = 0
    rejection = ""

    def fetch(after: str) -> list[BlobState]:
        return client.missing_blobs(journal_id, after=after, limit=PAGE_BLOBS)

    for states in pages_after("", fetch, lambda state: state.digest):
        for state in states:
            if not is_digest(state.digest):
                continue  # a digest becomes part of a path, so nothing else is accepted
            try:
                is_uploaded = _upload(client, home.blob(state.digest), state)
            except Unauthorized:
                raise
            except ServerRefused as error:
                rejection = str(error)
                continue
            uploaded += is_uploaded
            missing += not is_uploaded
    return BlobUpload(uploaded, missing, rejection)


def _upload(client: Client, path: Path, state: BlobState) -> bool:
    """Upload the rest of one blob; return False if its file does not exist."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        logger.error("cannot upload `%s`: the file was deleted after it was logged", path)
        return False
    with stream:
        while not state.is_stored:
            stream.seek(state.offset)
            part = stream.read(PART_BYTES)
            if not part and state.offset:
                raise ServerRefused(f"`{path}` has {state.offset} bytes, but its row says {state.size_bytes}")
            state = client.put_blob(state.digest, state.offset, part)
    return True
