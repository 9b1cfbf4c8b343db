"""Stores what a client streams while its run is running: rows, console lines, samples of the machine, the summary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import Closing, ExitStatus
from lightning_sweeps.journal.records import Record
from lightning_sweeps.server.protocols.wandb import console, first_rows, rows, run_journals, runs, trial_runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.run_journals import Attempt, Stream

HISTORY, EVENTS, OUTPUT, SUMMARY = "wandb-history.jsonl", "wandb-events.jsonl", "output.log", "wandb-summary.json"


class Chunk(msgspec.Struct):
    """Lines of a file, from line number `offset` on."""

    offset: int = 0
    content: list[str] = msgspec.field(default_factory=list)


class StreamRequest(msgspec.Struct):
    """The body of a request. An empty one says that the client is alive."""

    files: dict[str, Chunk] | None = None
    complete: bool | None = None
    exitcode: int | None = None
    preempting: bool | None = None
    uploaded: list[str] | None = None


_decoder = msgspec.json.Decoder(StreamRequest)


def store_request(caller: Caller, entity: str, project: str, name: str, body: bytes) -> dict[str, Any]:
    """Store a request, and return the answer.

    Raises:
        UsageError: the body is not a request.
        NotFound: there is no such run, or no such entity.
        OffsetConflict: lines before these are missing.
        QuotaExceeded: the project accepts no more rows.
    """
    caller.check_writes()
    try:
        request = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"the body is not a request of a file stream ({error})") from None
    of_project = caller.project(entity, project)
    known = runs.require_run(caller, of_project, name)
    _store_files(caller, runs.attempt_of(known), request, now=caller.store.now())
    if request.complete:
        trial_runs.end_trial(caller, known, _closing(request))
    return {"limits": {}}


def _store_files(caller: Caller, attempt: Attempt, request: StreamRequest, *, now: float) -> None:
    files = request.files or {}
    if (history := files.get(HISTORY)) is not None:
        attempt = _attempt_of_history(caller, attempt, history)
        _store(caller, attempt, "history", history, lambda line, at: rows.history_records(line, at, now=now))
    if (output := files.get(OUTPUT)) is not None:
        console.amend(caller, attempt, output.offset, output.content)
        _store(caller, attempt, "output", output, lambda line, at: [rows.console_record(line, at, now=now)])
    if (events := files.get(EVENTS)) is not None:
        run_id = attempt.info.id
        _store(caller, attempt, "events", events, lambda line, at: rows.sample_records(line, at, run_id, now=now))
    if (summary := files.get(SUMMARY)) is not None and summary.content:
        values = rows.summary_values(summary.content[-1])
        run_journals.store_notes(caller, attempt, [records.Summary(0, now, values)])
    if request.complete:
        run_journals.finish(caller, attempt, trial_runs.closing_of(caller, attempt.info.trial, _closing(request)))
    elif history is None:
        run_journals.heard(caller, attempt)


def _store(
    caller: Caller, attempt: Attempt, stream: Stream, chunk: Chunk, records_of: Callable[[str, int], list[Record]]
) -> None:
    lines = [records_of(line, number) for number, line in enumerate(chunk.content, chunk.offset)]
    run_journals.store_lines(
        caller,
        attempt,
        stream,
        chunk.offset,
        lines,
        is_repeated=lambda: bool(lines) and first_rows.is_stored(caller, attempt, stream, lines[0][-1]),
    )


def _attempt_of_history(caller: Caller, attempt: Attempt, history: Chunk) -> Attempt:
    """Return the attempt that rows belong to: the current one, unless another process starts the run again."""
    if history.offset or not history.content or not run_journals.lines_of(caller, attempt, "history"):
        return attempt
    first = rows.history_row(history.content[0], 0, now=0.0)
    if first_rows.is_stored(caller, attempt, "history", first):
        return attempt
    following = attempt.next()
    run_journals.begin(caller, following)
    return following


def _closing(request: StreamRequest) -> Closing:
    """Return how a run ended whose client says so."""
    code = request.exitcode or 0
    if code == 0:
        return Closing("finished", "", 0, None)
    return Closing("failed", ExitStatus(code=code).describe(), code, None)
