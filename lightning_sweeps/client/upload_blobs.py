"""Sending the contents that a journal's rows name to the server. Used by the service and by `sync`.

What the server lacks is asked of the server: whoever was killed in the middle, nothing has to be remembered here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import ServerRefused, Unauthorized
from lightning_sweeps.messages import BlobState

logger = logging.getLogger("lightning_sweeps.client.upload_journals")

PART_BYTES = 8 * 1024 * 1024
ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sent:
    """What one `send_contents` did. `gone`: contents that are not here; `refused`: why the server took one not."""

    contents: int = 0
    gone: int = 0
    refused: str = ""


def send_contents(client: Client, home: Home, journal_id: str) -> Sent:
    """Send every content that the journal's committed rows name and that the server does not have.

    Raises:
        ServerUnreachable, Unauthorized: what was sent before that is kept there; ask again later.
        OSError: a content cannot be read.
    """
    sent = gone = 0
    refused, after = "", ""
    while wanted := client.lacking(journal_id, after=after, limit=ASKED_AT_ONCE):
        after = wanted[-1].digest
        for state in wanted:
            if not is_digest(state.digest):
                continue  # it would become a path here
            try:
                is_sent = _send(client, home.blob(state.digest), state)
            except Unauthorized:
                raise
            except ServerRefused as refusal:
                refused = str(refusal)
                continue
            sent += is_sent
            gone += not is_sent
    return Sent(sent, gone, refused)


def _send(client: Client, path: Path, state: BlobState) -> bool:
    """Send the rest of one content; return False where it is not here."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        logger.error("the content `%s` was logged and is not there", path)
        return False
    with stream:
        while not state.is_stored:
            stream.seek(state.offset)
            part = stream.read(PART_BYTES)
            if not part and state.offset:
                raise ServerRefused(f"`{path}` has {state.offset} bytes, its row says {state.size_bytes}")
            state = client.put_blob(state.digest, state.offset, part)
    return True
