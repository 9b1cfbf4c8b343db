"""Buffers new rows, because it is slow to add a few points to each of many series.

The buffer of a journal is flushed into series when it is full, when the journal ends, and before anyone reads the
series. It is full at `MAX_ROWS` rows or `MAX_PARTS` parts, or up to `SPREAD` earlier: the ranks of a job log at the
same pace, and if all their buffers were full at once, one batch would wait for all of them.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from sqlalchemy import Connection, bindparam, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.failures import cause_of, describe
from lightning_sweeps.store.series import writing
from lightning_sweeps.store.series.blocks import unpack
from lightning_sweeps.store.series.owners import OwnerKind, run_of
from lightning_sweeps.store.series.storage import SeriesStorage

MAX_ROWS = 1024
MAX_PARTS = 48
SPREAD = 0.25
"""The share of the limits by which those of journals differ."""
AT_ONCE = 400
LAST_PARTS = 3
"""The newest sample may be spread over several parts: a journal is read while it grows."""
HEADER_NODE = (3, 2)
"""Position of `process.node` in a header, which is an array behind its tag."""

_log = logging.getLogger(__name__)
_buffer = schema.write_buffer
_journal = schema.journal
_INSERT = insert(_buffer)
_COUNT = select(func.count(), func.coalesce(func.sum(_buffer.c.rows), 0)).where(
    _buffer.c.journal_id == bindparam("journal")
)


def add(connection: Connection, journal_id: str, data: bytes, *, rows: int) -> bool:
    """Buffer a part's rows, and return True if the buffer is full. The caller holds the owner's lock.

    Args:
        connection: the transaction.
        journal_id: the journal.
        data: the rows, as `blocks.pack` encodes them.
        rows: number of rows in `data`.
    """
    connection.execute(_INSERT, {"journal_id": journal_id, "rows": rows, "data": data})
    parts, total = connection.execute(_COUNT, {"journal": journal_id}).one()
    share = share_of_limits(journal_id)
    return bool(parts >= share * MAX_PARTS or total >= share * MAX_ROWS)


def share_of_limits(journal_id: str) -> float:
    """Return how much of `MAX_ROWS` and `MAX_PARTS` the buffer of a journal holds: between 1 - `SPREAD` and 1."""
    return 1 - SPREAD * zlib.crc32(journal_id.encode()) / 2**32


def flush(connection: Connection, storage: SeriesStorage, journal_id: str, *, kind: OwnerKind, owner_id: str) -> None:
    """Move a journal's buffered rows into the series of its owner, and into those of processes.

    The caller holds the owner's lock. A process shares the lock of its run, because two nodes may report the processes
    of a run that moved.
    """
    waiting = select(_buffer.c.id, _buffer.c.data).where(_buffer.c.journal_id == journal_id).order_by(_buffer.c.id)
    rows = connection.execute(waiting).all()
    if not rows:
        return
    points = unpack(row.data for row in rows)
    writing.append(connection, storage, points.pop("", {}), kind=kind, owner_id=owner_id, journal_id=journal_id)
    for process in sorted(points):  # everyone locks in this order, so that there is no deadlock
        lock_owner(connection, run_of(process), None)
        writing.append(connection, storage, points[process], kind="process", owner_id=process, journal_id=journal_id)
    connection.execute(delete(_buffer).where(_buffer.c.journal_id == journal_id))


def flush_owners(store: Store, owner_ids: Iterable[str]) -> None:
    """Move all buffered rows of some runs, nodes and processes into their series, so that readers find them."""
    with store.read() as connection:
        journals = _waiting_of(connection, list(dict.fromkeys(owner_ids)))
    for journal_id, run_id, node_id in journals:
        with store.write() as connection:
            lock_owner(connection, run_id, node_id)
            kind: OwnerKind = "run" if run_id is not None else "node"
            flush(connection, store.series, journal_id, kind=kind, owner_id=run_id or node_id or "")


def open_reader(store: Store, owner_ids: Iterable[str]) -> Callable[[], AbstractContextManager[Connection]]:
    """Flush the buffers of some owners, and return what opens a transaction that sees all their rows.

    If the disk of an SQLite database is full, each such transaction flushes them for itself, and rolls back. Then a
    reader excludes writers, which fail anyway. If PostgreSQL cannot write, readers see what is in the series.
    """
    unique = list(dict.fromkeys(owner_ids))
    try:
        flush_owners(store, unique)
    except DBAPIError as error:
        if cause_of(error) != "busy":
            raise
        _log.error("new rows cannot be moved into their series: %s", describe(error))
        return partial(_flushed_in_memory, store, unique) if store.kind == "sqlite" else store.read
    return store.read


@contextmanager
def _flushed_in_memory(store: Store, owner_ids: list[str]) -> Iterator[Connection]:
    with store.write_nothing() as connection:
        for journal_id, run_id, node_id in _waiting_of(connection, owner_ids):
            kind: OwnerKind = "run" if run_id is not None else "node"
            flush(connection, store.series, journal_id, kind=kind, owner_id=run_id or node_id or "")
        yield connection


def lock_owner(connection: Connection, run_id: str | None, node_id: str | None) -> None:
    """Lock the series of a run or node for writing, until the transaction ends."""
    table = schema.run if run_id is not None else schema.node
    connection.execute(select(table.c.id).where(table.c.id == (run_id or node_id)).with_for_update())


def newest_samples(connection: Connection, node_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the newest buffered sample of nodes and their processes, by owner and series key."""
    found: dict[str, dict[str, float]] = {}
    unique = list(node_ids)
    position = func.row_number().over(partition_by=_buffer.c.journal_id, order_by=_buffer.c.id.desc()).label("position")
    for at in range(0, len(unique), AT_ONCE):
        waiting = select(_buffer.c.id, _journal.c.node_id, _buffer.c.data, position).join(_journal)
        some = waiting.where(_journal.c.node_id.in_(unique[at : at + AT_ONCE])).subquery()
        rows = connection.execute(select(some).where(some.c.position <= LAST_PARTS).order_by(some.c.id)).all()
        for node_id in {row.node_id for row in rows}:
            for owner, columns in unpack(row.data for row in rows if row.node_id == node_id).items():
                last = max(int(one.time.max()) for one in columns.values())
                found[owner or node_id] = {
                    key: float(one.value[one.time.argmax()]) for key, one in columns.items() if one.time.max() == last
                }
    return found


def _nodes_of(connection: Connection, run_ids: list[str]) -> list[str]:
    """Return the nodes that runs were on: the journals of their services hold the samples of the runs' processes."""
    node = _journal.c.header[HEADER_NODE].as_string()
    nodes: set[str] = set()
    for at in range(0, len(run_ids), AT_ONCE):
        asked = select(node).where(_journal.c.run_id.in_(run_ids[at : at + AT_ONCE])).distinct()
        nodes.update(connection.scalars(asked))
    return sorted(nodes)


def _waiting_of(connection: Connection, owner_ids: list[str]) -> list[tuple[str, str | None, str | None]]:
    """Return the journals that have buffered rows of runs, nodes and processes, each with its owner."""
    processes = [run for owner_id in owner_ids if (run := run_of(owner_id)) is not None]
    owners = owner_ids + (_nodes_of(connection, processes) if processes else [])
    return [one for at in range(0, len(owners), AT_ONCE) for one in _waiting(connection, owners[at : at + AT_ONCE])]


def _waiting(connection: Connection, owner_ids: list[str]) -> list[tuple[str, str | None, str | None]]:
    """Return the journals of the owners that have buffered rows."""
    asked = select(_journal.c.id, _journal.c.run_id, _journal.c.node_id).where(
        _journal.c.run_id.in_(owner_ids) | _journal.c.node_id.in_(owner_ids),
        select(_buffer.c.id).where(_buffer.c.journal_id == _journal.c.id).exists(),
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(asked)]
