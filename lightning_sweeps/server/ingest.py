"""Journals come in: bytes of the file, from an offset on."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.journal.format import PREAMBLE, Damage, check_preamble, decode
from lightning_sweeps.messages import IngestReply, Problem
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.store import ingest

MAX_BODY_BYTES = 64 * 1024 * 1024

router = APIRouter(tags=["journals"])

JournalId = Annotated[str, Path(max_length=ingest.ID_LENGTH)]


async def read_body(request: Request) -> bytes:
    """Return the request's body.

    Raises:
        ServerRefused: it is too long (413); what came is dropped, so that the sender can read the answer.
    """
    parts: list[bytes] = []
    size_bytes = 0
    async for part in request.stream():
        size_bytes += len(part)
        if size_bytes <= MAX_BODY_BYTES:
            parts.append(part)
    if size_bytes > MAX_BODY_BYTES:
        raise ServerRefused(
            f"the part has {size_bytes} bytes, allowed are {MAX_BODY_BYTES}",
            status=413,
            hint="send the journal in smaller parts",
        )
    return b"".join(parts)


@router.post(
    "/api/journals/{journal_id}",
    responses={409: {"model": IngestReply}, 413: {"model": Problem}, 422: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journal": {}}, "required": True}},
)
def send_journal(
    store: StoreDep,
    journal_id: JournalId,
    offset: Annotated[int, Query(ge=0, description="where in the file the body begins")],
    body: Annotated[bytes, Depends(read_body)],
) -> IngestReply:
    """Take the journal's bytes from `offset` on; the part that is known already is skipped, whole records are kept."""
    with store.read() as connection:
        committed = ingest.committed_offset(connection, journal_id)
    part = parse(journal_id, offset, body, committed=committed)
    with store.write() as connection:
        return ingest.commit(connection, part, now=time.time())


@router.get("/api/journals/{journal_id}")
def journal_offset(store: StoreDep, journal_id: JournalId) -> IngestReply:
    """Return how many bytes of the journal are committed; 0 for one that is not known."""
    with store.read() as connection:
        return IngestReply(ingest.committed_offset(connection, journal_id))


def parse(journal_id: str, offset: int, body: bytes, *, committed: int) -> ingest.Part:
    """Return the records of `body`, which lies at `offset` of the file, from `committed` on.

    Raises:
        JournalError: the beginning of the file is not that of a journal.
    """
    start = max(0, committed - offset)
    if offset == 0 and committed == 0:
        if len(body) < len(PREAMBLE) and PREAMBLE.startswith(body):
            return ingest.Part(journal_id, offset, [], [])
        check_preamble(body)
        start = len(PREAMBLE)
    entries: list[ingest.Entry] = []
    damaged: list[int] = []
    for found in decode(body, start):
        if isinstance(found, Damage):
            damaged.append(offset + found.start)
        else:
            entries.append(ingest.Entry(found.record, offset + found.start, offset + found.end))
    return ingest.Part(journal_id, offset, entries, damaged)
