"""Writes the journal of a process again, from what the database has of it, so that another server can store it.

The copy has the same id, and its rows have the same numbers. What the database keeps only for the run as a whole (its
configuration and summary, the stacks that the service read) is in the run's last journal.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, select

from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.messages import JournalInfo
from lightning_sweeps.store import runs, schema
from lightning_sweeps.store.series.chunks import MICROSECONDS
from lightning_sweeps.store.series.storage import Segment, SeriesStorage

AT_ONCE = 400
LAST = 2**62
"""Sequence number of the records that end a copy: higher than any number that a process used."""

Cell: TypeAlias = tuple[int, int, float, str, Any]
"""Sequence, step, time, key and value."""

_journal = schema.journal
_run = schema.run


def list_journals(connection: Connection, run_id: str) -> list[JournalInfo]:
    """Return the journals of a run, earlier attempts first.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    names = ("id", "rank", "attempt", "rows", "created")
    query = select(*(_journal.c[name] for name in names)).where(_journal.c.run_id == run_id)
    return [JournalInfo(*row) for row in connection.execute(query.order_by(*_ORDER))]


def run_of(connection: Connection, journal_id: str) -> str:
    """Return the run of a journal.

    Raises:
        NotFound: there is no such journal, or it is not of a run.
    """
    run_id: str | None = connection.scalar(select(_journal.c.run_id).where(_journal.c.id == journal_id))
    if run_id is None:
        raise NotFound(f"there is no journal `{journal_id}` of a run", hint="GET /api/runs/{run}/journals lists them")
    return run_id


def in_pieces(parts: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    """Join small parts to pieces of about `size_bytes`."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= size_bytes:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def copy_journal(connection: Connection, storage: SeriesStorage, journal_id: str) -> Iterator[bytes]:
    """Yield the bytes of a run's journal: its records in the order of their numbers, and its end.

    The rows must not wait in the write buffer.

    Raises:
        NotFound: there is no such journal, or it is not of a run.
    """
    run_of(connection, journal_id)
    journal = connection.execute(select(_journal).where(_journal.c.id == journal_id)).one()
    yield PREAMBLE + encode(_header(connection, journal))
    count = 0
    for record in heapq.merge(_rows(connection, storage, journal), _others(connection, journal), key=_sequence):
        count += isinstance(record, records.Metrics)
        yield encode(record)
    yield from map(encode, _last_records(connection, journal, empty_rows=journal.rows - count))
    yield from connection.scalars(_rejected_of(journal_id))


_ORDER = (_journal.c.attempt, _journal.c.created, _journal.c.id)


def _header(connection: Connection, journal: Row[Any]) -> records.Header:
    """Return the header, with the tags and notes that the run has now."""
    header = msgspec.convert(journal.header, records.Header, strict=False)
    run = connection.execute(select(_run.c.tags, _run.c.notes).where(_run.c.id == journal.run_id)).one()
    assert header.run is not None  # noqa: S101  the journal is of a run
    labelled = msgspec.structs.replace(header.run, tags=list(run.tags), notes=run.notes)
    return msgspec.structs.replace(header, run=labelled)


def _sequence(record: Any) -> int:
    return int(record.sequence)


def _rows(connection: Connection, storage: SeriesStorage, journal: Row[Any]) -> Iterator[records.Metrics]:
    """Yield the `log()` calls, joined from the points of all series. Exact values replace those of series."""
    exact = _exact(connection, journal.id)
    cells = heapq.merge(*_points(connection, storage, journal.id), key=itemgetter(0))
    for sequence, row in groupby(heapq.merge(cells, exact, key=itemgetter(0)), key=itemgetter(0)):
        found = list(row)
        _, step, time, _, _ = found[0]
        values = {key: value for _, _, _, key, value in found}  # the exact value of a key comes last
        yield records.Metrics(sequence, step, time, values)


def _points(connection: Connection, storage: SeriesStorage, journal_id: str) -> list[Iterator[Cell]]:
    asked = select(schema.series.c.id, schema.series.c.key).join(_run, _run.c.id == schema.series.c.owner_id)
    asked = asked.join(_journal, _journal.c.run_id == _run.c.id).where(schema.series.c.owner_kind == "run")
    keys: dict[int, str] = {row[0]: row[1] for row in connection.execute(asked.where(_journal.c.id == journal_id))}
    ids = sorted(keys)
    segments = [
        one for at in range(0, len(ids), AT_ONCE) for one in storage.segments(connection, ids[at : at + AT_ONCE])
    ]
    own = [segment for segment in segments if segment.journal_id == journal_id]
    return [_cells(connection, storage, segment, keys[segment.series_id]) for segment in own]


def _cells(connection: Connection, storage: SeriesStorage, segment: Segment, key: str) -> Iterator[Cell]:
    parts = storage.read(connection, segment)
    rows = ((part.sequence.tolist(), part.step.tolist(), part.time.tolist(), part.value.tolist()) for part in parts)
    for columns in rows:
        for sequence, step, time, value in zip(*columns, strict=True):
            yield sequence, step, time / MICROSECONDS, key, value


def _exact(connection: Connection, journal_id: str) -> Iterator[Cell]:
    table = schema.logged_value
    query = select(table).where(table.c.journal_id == journal_id).order_by(table.c.sequence, table.c.id)
    for row in connection.execute(query):
        yield row.sequence, row.step, row.time, row.key, row.value


def _others(connection: Connection, journal: Row[Any]) -> Iterable[Any]:
    """Return the console lines, media and artifacts of a journal, in the order of their numbers."""
    found = [*_lines(connection, journal.id), *_media(connection, journal.id), *_artifacts(connection, journal.id)]
    return sorted(found, key=_sequence)


def _lines(connection: Connection, journal_id: str) -> Iterator[records.Text]:
    table = schema.console
    is_printed = table.c.stream.in_(["stdout", "stderr"])
    query = select(table).where(table.c.journal_id == journal_id, is_printed).order_by(table.c.id)
    for row in connection.execute(query):
        yield records.Text(row.sequence, row.time, row.stream, row.line)


def _media(connection: Connection, journal_id: str) -> Iterator[records.Media]:
    table = schema.media
    for row in connection.execute(select(table).where(table.c.journal_id == journal_id).order_by(table.c.id)):
        place = (row.sequence, row.step, row.time, row.key, row.digest, row.size_bytes, row.mime)
        yield records.Media(*place, row.caption or "", row.position or 0)


def _artifacts(connection: Connection, journal_id: str) -> Iterator[records.ArtifactRecord]:
    use, artifact, file, alias = schema.artifact_use, schema.artifact, schema.artifact_file, schema.artifact_alias
    query = select(use.c.sequence, use.c.time, use.c.role, artifact).join(artifact, artifact.c.id == use.c.artifact_id)
    for row in connection.execute(query.where(use.c.journal_id == journal_id)).all():
        files = connection.execute(select(file).where(file.c.artifact_id == row.id).order_by(file.c.path))
        is_its = (alias.c.project_id == row.project_id) & (alias.c.name == row.name) & (alias.c.version == row.version)
        yield records.ArtifactRecord(
            row.sequence,
            row.time,
            row.name,
            row.kind,
            row.version,
            row.digest,
            row.role,
            list(connection.scalars(select(alias.c.alias).where(is_its).order_by(alias.c.alias))),
            row.metadata,
            [records.ArtifactFileRecord(one.path, one.digest, one.size_bytes) for one in files],
        )


def _last_records(connection: Connection, journal: Row[Any], *, empty_rows: int) -> Iterator[records.Record]:
    """Yield what ends a copy. Rows without a value have left no trace but their number."""
    run = connection.execute(select(_run).where(_run.c.id == journal.run_id)).one()
    for _ in range(empty_rows):
        yield records.Metrics(LAST, 0, journal.created, {})
    last = select(_journal.c.id).where(_journal.c.run_id == run.id).order_by(*(one.desc() for one in _ORDER)).limit(1)
    if connection.scalar(last) == journal.id:
        yield records.Config(LAST, run.created, run.config)
        yield records.Summary(LAST, run.created, run.summary)
        yield from _stacks(connection, run.id)
        yield records.Heartbeat(LAST, run.updated)
    if journal.finish is not None:
        end = dict(journal.finish)
        writer = {"run": "run", "exit": "exit"}.get(end["writer"], "service")
        yield records.Finish(
            LAST, end["time"], end["state"], end["exit_code"], end["signal"], end["reason"], writer  # type: ignore[arg-type]
        )  # fmt: skip


def _stacks(connection: Connection, run_id: str) -> Iterator[records.Text]:
    """Yield the stacks of stalls. They are in the journals of nodes, which are not copied."""
    table = schema.console
    query = select(table).where(table.c.run_id == run_id, table.c.stream == "stacks").order_by(table.c.id)
    for row in connection.execute(query):
        yield records.Text(LAST, row.time, "stacks", row.line)


def _rejected_of(journal_id: str) -> Any:
    table = schema.rejected_record
    is_kept = (table.c.journal_id == journal_id) & table.c.data.is_not(None)
    return select(table.c.data).where(is_kept).order_by(table.c.id)
