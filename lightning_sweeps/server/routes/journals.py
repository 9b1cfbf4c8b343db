"""Receives journals: bytes of a journal file, starting at an offset."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import IngestReply, JournalOutcome, Problem, RejectedJournal, Rejections, RetryResult
from lightning_sweeps.server import journal_parts
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.journal_parts import Sender
from lightning_sweeps.server.process.row_quota import RowQuota
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web.intake import Intake
from lightning_sweeps.store import ingest, journal_copy, rejections
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_access import check_access
from lightning_sweeps.store.series import write_buffer
from lightning_sweeps.store.series.owners import ID_LENGTH

PIECE_BYTES = 256 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024
MOST_HELD_BYTES = 256 * 1024 * 1024
"""Limit of the journal bytes that wait to be written."""

router = scoped_router("journals")
_parts = msgspec.msgpack.Decoder(list[SentPart])

TWICE_HINT = "send them again a little later; bytes that are sent twice are stored once"

JournalId = Annotated[str, Path(max_length=ID_LENGTH)]


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


async def get_sender(request: Request, by: KeyNameDep, projects: ProjectsDep) -> Sender:
    """Return who sends the request."""
    quota: RowQuota = request.app.state.row_quota
    return Sender(by, projects, quota.over)


SenderDep = Annotated[Sender, Depends(get_sender)]


@router.post(
    "/api/journals/{journal_id}",
    response_model=IngestReply,
    responses={409: {"model": IngestReply}, **{status: {"model": Problem} for status in (413, 422, 429, 507)}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journal": {}}, "required": True}},
)
async def send_journal(
    store: StoreDep,
    control: ControlDep,
    sender: SenderDep,
    journal_id: JournalId,
    offset: Annotated[int, Query(ge=0, lt=2**63, description="byte offset in the file at which the body begins")],
    body: Annotated[bytes, Depends(read_body)],
) -> Response:
    """Store the journal's bytes from `offset` on. Bytes that are already committed are skipped."""
    taken = await run_in_threadpool(journal_parts.take, store, SentPart(journal_id, offset, body), sender)
    await control.announce_changes({taken.changed_sweep})
    return _encoded(taken.reply)


@router.post(
    "/api/journals",
    response_model=list[JournalOutcome],
    responses={413: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {"application/vnd.lightning-sweeps.journals": {}}, "required": True}},
)
async def send_journals(
    store: StoreDep, control: ControlDep, sender: SenderDep, body: Annotated[bytes, Depends(read_body)]
) -> Response:
    """Store parts of several journals: the body is a msgpack list of (journal id, offset, bytes, end).

    The end is optional: how the journal ended, if its process did not write it.

    Each part succeeds or fails on its own: its outcome has a status. Records that the database refuses are rejected.
    """
    try:
        parts = _parts.decode(body)
    except msgspec.DecodeError as error:
        raise ServerRefused(
            f"the body is not a list of journal parts ({error})",
            status=422,
            hint="send msgpack of [[id, offset, bytes, end], ...]",
        ) from None
    outcomes, changed_sweeps = await run_in_threadpool(journal_parts.take_all, store, parts, sender)
    await control.announce_changes(changed_sweeps)
    return _encoded(outcomes)


@router.get("/api/journals/{journal_id}")
def journal_offset(store: StoreDep, journal_id: JournalId) -> IngestReply:
    """Return how many bytes of the journal are committed; 0 for an unknown journal."""
    with store.read() as connection:
        return IngestReply(ingest.committed_offset(connection, journal_id))


@router.get("/api/journals/{journal_id}/copy", response_class=StreamingResponse)
def copy_journal(store: StoreDep, journal_id: JournalId) -> StreamingResponse:
    """Return a run's journal, written again from the database, so that another server can store the run."""
    with store.read() as connection:
        run_id = journal_copy.run_of(connection, journal_id)
    open_reader = write_buffer.open_reader(store, [run_id])
    return StreamingResponse(
        _copied(store, open_reader, journal_id), media_type="application/vnd.lightning-sweeps.journal"
    )


def _copied(
    store: Store, open_reader: Callable[[], AbstractContextManager[Connection]], journal_id: str
) -> Iterator[bytes]:
    with open_reader() as connection:
        yield from journal_copy.in_pieces(journal_copy.copy_journal(connection, store.series, journal_id), PIECE_BYTES)


@router.get("/api/rejected")
def list_rejected(store: StoreDep, projects: ProjectsDep) -> Rejections:
    """List the journals and records of all runs that could not be stored, each with the reason."""
    with store.read() as connection:
        return rejections.list_all(connection, projects)


@router.post("/api/rejected/journals")
def set_rejected_journals(store: StoreDep, projects: ProjectsDep, journals: list[RejectedJournal]) -> Rejections:
    """Note journals that stay on their machine, because they cannot be read or were refused several times."""
    with store.write() as connection:
        check_access(connection, projects, "journal", *(journal.id for journal in journals))
        check_access(connection, projects, "run", *(journal.run_id for journal in journals if journal.run_id))
        rejections.reject_journals(connection, journals)
        return rejections.list_all(connection, projects)


@router.post("/api/rejected/retry")
def retry_rejected(store: StoreDep) -> RetryResult:
    """Try again to store the records that were rejected, for example after an upgrade of the server."""
    return journal_parts.retry(store)


def _encoded(answer: IngestReply | list[JournalOutcome]) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
