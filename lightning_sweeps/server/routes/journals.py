"""Receives journals: bytes of a journal file, starting at an offset."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.engine import reports
from lightning_sweeps.errors import JournalError, OffsetConflict, ServerRefused
from lightning_sweeps.journal.format import PREAMBLE, Damage, JournalEntry, check_preamble, decode
from lightning_sweeps.messages import IngestReply, JournalOutcome, Problem
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.store import ingest
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series.owners import ID_LENGTH
from lightning_sweeps.store.series.storage import SeriesStorage

MAX_BODY_BYTES = 64 * 1024 * 1024
MOST_HELD_BYTES = 256 * 1024 * 1024
"""Limit of the journal bytes that wait to be written."""

router = APIRouter(tags=["journals"])
_parts = msgspec.msgpack.Decoder(list[tuple[str, int, bytes]])

JournalId = Annotated[str, Path(max_length=ID_LENGTH)]


class Intake:
    """Limits how many journal bytes the server keeps in memory; a sender above the limit must retry.

    Use it in one thread only.
    """

    def __init__(self, limit_bytes: int = MOST_HELD_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Reserve memory for more bytes.

        Raises:
            ServerRefused: the limit would be exceeded (429). Nothing is lost: the sender still has its journal.
        """
        if self.held_bytes and self.held_bytes + size_bytes > self.limit_bytes:
            raise ServerRefused(
                "the server already buffers as many journal bytes as it can",
                status=429,
                hint="send them again a little later; bytes that are sent twice are stored once",
            )
        self.held_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        self.held_bytes -= size_bytes


async def read_body(request: Request) -> AsyncIterator[bytes]:
    """Yield the request's body. Its bytes count toward the limit until the response is made.

    Raises:
        ServerRefused: the body is too long (413), or the server buffers too many bytes (429). The rest of the body is
            read and dropped, so that the sender can read the response.
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
                f"the part has {size_bytes} bytes, allowed: {MAX_BODY_BYTES}",
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
    control: ControlDep,
    journal_id: JournalId,
    offset: Annotated[int, Query(ge=0, lt=2**63, description="byte offset in the file at which the body begins")],
    body: Annotated[bytes, Depends(read_body)],
) -> Response:
    """Store the journal's bytes from `offset` on. Bytes that are already committed are skipped."""
    taken = await run_in_threadpool(take, store, journal_id, offset, body)
    await control.announce_changes({taken.changed_sweep})
    return _encoded(taken.reply)


@router.post(
    "/api/journals",
    response_model=list[JournalOutcome],
    responses={413: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journals": {}}, "required": True}},
)
async def send_journals(store: StoreDep, control: ControlDep, body: Annotated[bytes, Depends(read_body)]) -> Response:
    """Store parts of several journals: the body is a msgpack list of (journal id, offset, bytes).

    Each part succeeds or fails on its own.
    """
    try:
        parts = _parts.decode(body)
    except msgspec.DecodeError as error:
        raise ServerRefused(
            f"the body is not a list of journal parts ({error})",
            status=422,
            hint="send msgpack of [[id, offset, bytes], ...]",
        ) from None
    outcomes, changed_sweeps = await run_in_threadpool(_take_all, store, parts)
    await control.announce_changes(changed_sweeps)
    return _encoded(outcomes)


@dataclass(frozen=True, slots=True)
class TakenPart:
    """A part of a journal after it was stored: the reply for the sender, and the sweep that changed by it, if any."""

    reply: IngestReply
    changed_sweep: str | None


def take(store: Store, journal_id: str, offset: int, data: bytes) -> TakenPart:
    """Store a part of a journal and apply it to its trial, in one transaction.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        JournalError: the bytes are not the beginning of a journal.
    """
    part = parse(journal_id, offset, data, committed=offset)  # `ingest` skips what is committed already
    with store.write() as connection:
        return commit(connection, store.series, part, now=time.time())


def commit(connection: Connection, series: SeriesStorage, part: ingest.JournalPart, *, now: float) -> TakenPart:
    """Store a part of a journal, and pass its new rows to the engine.

    Raises:
        OffsetConflict: the part begins after the committed offset.
        JournalError: the journal does not begin with a valid header.
    """
    stored = ingest.commit(connection, series, part, now=now)
    applied = reports.apply_stored_part(connection, stored, now=now)
    return TakenPart(IngestReply(stored.committed_offset, applied.commands), applied.changed_sweep)


def _take_all(store: Store, parts: list[tuple[str, int, bytes]]) -> tuple[list[JournalOutcome], set[str | None]]:
    changed_sweeps: set[str | None] = set()
    return [_take_one(store, *part, changed_sweeps) for part in parts], changed_sweeps


def _take_one(
    store: Store, journal_id: str, offset: int, data: bytes, changed_sweeps: set[str | None]
) -> JournalOutcome:
    try:
        taken = take(store, journal_id, offset, data)
        changed_sweeps.add(taken.changed_sweep)
    except OffsetConflict as conflict:
        return JournalOutcome(journal_id, conflict.committed, status=conflict.status)
    except JournalError as error:
        return JournalOutcome(journal_id, 0, status=422, problem=error.message)
    return JournalOutcome(journal_id, taken.reply.offset, taken.reply.commands)


@router.get("/api/journals/{journal_id}")
def journal_offset(store: StoreDep, journal_id: JournalId) -> IngestReply:
    """Return how many bytes of the journal are committed; 0 for an unknown journal."""
    with store.read() as connection:
        return IngestReply(ingest.committed_offset(connection, journal_id))


def parse(journal_id: str, offset: int, body: bytes, *, committed: int) -> ingest.JournalPart:
    """Decode the records of a part of a journal.

    Args:
        journal_id: the journal's id.
        offset: byte offset in the file at which `body` begins.
        body: bytes of the file.
        committed: byte offset up to which records are skipped.

    Raises:
        JournalError: the file does not begin with a journal's preamble.
    """
    start = max(0, committed - offset)
    if offset == 0 and committed == 0:
        if len(body) < len(PREAMBLE) and PREAMBLE.startswith(body):
            return ingest.JournalPart(journal_id, offset, [], [])
        check_preamble(body)
        start = len(PREAMBLE)
    entries: list[JournalEntry] = []
    damaged: list[int] = []
    for found in decode(body, start, file_offset=offset):
        if isinstance(found, Damage):
            damaged.append(found.start)
        else:
            entries.append(found)
    return ingest.JournalPart(journal_id, offset, entries, damaged)


def _encoded(answer: IngestReply | list[JournalOutcome]) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
