"""Journals come in: bytes of the file, from an offset on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.errors import JournalError, OffsetConflict, ServerRefused
from lightning_sweeps.journal.format import PREAMBLE, Damage, check_preamble, decode
from lightning_sweeps.messages import IngestReply, JournalOutcome, Problem
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.store import ingest
from lightning_sweeps.store.database import Store

MAX_BODY_BYTES = 64 * 1024 * 1024
MOST_HELD_BYTES = 256 * 1024 * 1024
"""Of journals that wait for their turn to be written."""

router = APIRouter(tags=["journals"])
_parts = msgspec.msgpack.Decoder(list[tuple[str, int, bytes]])

JournalId = Annotated[str, Path(max_length=ingest.ID_LENGTH)]


class Intake:
    """How many bytes of journals are held at once: what would be too much is told to wait. In one thread only."""

    def __init__(self, limit_bytes: int = MOST_HELD_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Hold more bytes.

        Raises:
            ServerRefused: that would be too many (429); nothing is lost, the sender has them in its journal.
        """
        if self.held_bytes and self.held_bytes + size_bytes > self.limit_bytes:
            raise ServerRefused(
                "the server has as much to write as it can hold",
                status=429,
                hint="send again a little later; what was sent twice is stored once",
            )
        self.held_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        self.held_bytes -= size_bytes


async def read_body(request: Request) -> AsyncIterator[bytes]:
    """Give the request's body; its bytes count as held until the answer is made.

    Raises:
        ServerRefused: it is too long (413), or the server holds too much (429); what came is dropped, so that the
            sender can read the answer.
    """
    intake: Intake = request.app.state.intake
    parts: list[bytes] = []
    size_bytes = held_bytes = 0
    refusal: ServerRefused | None = None
    try:
        async for part in request.stream():
            size_bytes += len(part)
            if refusal is not None or size_bytes > MAX_BODY_BYTES:
                continue
            try:
                intake.take(len(part))
            except ServerRefused as refused:
                refusal = refused
                continue
            held_bytes += len(part)
            parts.append(part)
        if refusal is not None:
            raise refusal
        if size_bytes > MAX_BODY_BYTES:
            raise ServerRefused(
                f"the part has {size_bytes} bytes, allowed are {MAX_BODY_BYTES}",
                status=413,
                hint="send the journal in smaller parts",
            )
        yield b"".join(parts)
    finally:
        intake.give_back(held_bytes)


@router.post(
    "/api/journals/{journal_id}",
    response_model=IngestReply,
    responses={409: {"model": IngestReply}, 413: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journal": {}}, "required": True}},
)
async def send_journal(
    store: StoreDep,
    journal_id: JournalId,
    offset: Annotated[int, Query(ge=0, lt=2**63, description="where in the file the body begins")],
    body: Annotated[bytes, Depends(read_body)],
) -> Response:
    """Take the journal's bytes from `offset` on; the part that is known already is skipped, whole records are kept."""
    return _encoded(await run_in_threadpool(take, store, journal_id, offset, body))


@router.post(
    "/api/journals",
    response_model=list[JournalOutcome],
    responses={413: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journals": {}}, "required": True}},
)
async def send_journals(store: StoreDep, body: Annotated[bytes, Depends(read_body)]) -> Response:
    """Take parts of several journals: msgpack of a list of (journal id, offset, bytes); each is refused by itself."""
    try:
        parts = _parts.decode(body)
    except msgspec.DecodeError as error:
        raise ServerRefused(
            f"the body is no list of journal parts ({error})", status=422, hint="msgpack of [[id, offset, bytes], ...]"
        ) from None
    return _encoded(await run_in_threadpool(_take_all, store, parts))


def take(store: Store, journal_id: str, offset: int, data: bytes) -> IngestReply:
    """Store a part of a journal.

    Raises:
        OffsetConflict: it begins behind what is committed.
        JournalError: it is the beginning of no journal.
    """
    part = parse(journal_id, offset, data, committed=offset)  # what is known already is skipped when it is committed
    with store.write() as connection:
        return ingest.commit(connection, part, now=time.time())


def _take_all(store: Store, parts: list[tuple[str, int, bytes]]) -> list[JournalOutcome]:
    return [_take_one(store, *part) for part in parts]


def _take_one(store: Store, journal_id: str, offset: int, data: bytes) -> JournalOutcome:
    try:
        reply = take(store, journal_id, offset, data)
    except OffsetConflict as conflict:
        return JournalOutcome(journal_id, conflict.committed, status=conflict.status)
    except JournalError as error:
        return JournalOutcome(journal_id, 0, status=422, problem=error.message)
    return JournalOutcome(journal_id, reply.offset, reply.commands)


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


def _encoded(answer: IngestReply | list[JournalOutcome]) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
