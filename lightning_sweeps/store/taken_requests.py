"""Remembers the newest requests of a journal, for clients that repeat a request and give it no number.

A client repeats a request whose answer was lost. The same content, with times in milliseconds, is then the same
request.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import insert

DIGEST_BYTES = 8
REMEMBERED = 512
"""How many requests of one journal are remembered. Clients repeat a request within minutes."""

_taken = schema.taken_request


def digest_of(content: bytes) -> bytes:
    """Return what stands for the content of a request."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def is_taken(connection: Connection, journal_id: str, digest: bytes) -> bool:
    """Return whether a request was stored already. The caller holds the journal's lock."""
    return digest in _split(_known(connection, journal_id))


def note_taken(connection: Connection, journal_id: str, digest: bytes) -> None:
    """Note that a request is stored, in the transaction that stores it."""
    digests = (digest + _known(connection, journal_id))[: REMEMBERED * DIGEST_BYTES]
    statement = insert(connection, _taken).values(journal_id=journal_id, digests=digests)
    connection.execute(statement.on_conflict_do_update(index_elements=["journal_id"], set_={"digests": digests}))


def _known(connection: Connection, journal_id: str) -> bytes:
    return connection.scalar(select(_taken.c.digests).where(_taken.c.journal_id == journal_id)) or b""


def _split(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)]
