"""Reports readiness and Prometheus metrics to the operators of the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psutil
from fastapi import Request, Response
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import Health, Problem
from lightning_sweeps.server.context import ClosingDep, StoreDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import maintenance, schema
from lightning_sweeps.store.failures import describe
from lightning_sweeps.store.migrate import latest, version
from lightning_sweeps.store.run_index.index import index_of

PREFIX = "lightning_sweeps_"
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"

router = scoped_router("operations")


@router.get("/api/ready", responses={503: {"model": Problem}})
def ready(store: StoreDep, closing: ClosingDep) -> Health:
    """Check that the server accepts requests: the database can be written, and no shutdown has begun."""
    if closing.is_set():
        raise ServerRefused("the server is shutting down", status=503)
    found = version(store)
    if found != latest():
        raise ServerRefused(f"the database has schema {found}, this server needs {latest()}", status=503)
    try:
        maintenance.try_to_write(store)
    except DBAPIError as error:
        raise ServerRefused(f"the database cannot be written: {describe(error)}", status=503) from error
    return Health("ready", latest(), store.kind)


@router.get("/api/metrics", response_class=Response, responses={200: {"content": {TEXT_FORMAT: {}}}})
def metrics(request: Request, store: StoreDep) -> Response:
    """Return the server's metrics in the Prometheus text format."""
    process = psutil.Process()
    lines = [
        *_gauge("process_resident_bytes", "Memory of this server process.", {"": process.memory_info().rss}),
        *_gauge("process_cpu_seconds", "CPU time of this server process.", {"": sum(process.cpu_times()[:2])}),
        *_gauge(
            "held_bytes", "Journal bytes that are waiting to be written.", {"": request.app.state.intake.held_bytes}
        ),
    ]
    with store.read() as connection:
        lines += _counts(connection)
    return Response("".join(f"{line}\n" for line in lines), media_type=TEXT_FORMAT)


def _counts(connection: Connection) -> Iterator[str]:
    with index_of(connection).current(connection, ["rows"]) as runs:
        states, rows = runs.state_counts(), runs.total("rows")
    yield from _states("run", states)
    for table in (schema.sweep, schema.trial, schema.agent):
        counted = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        yield from _states(table.name, {row[0]: row[1] for row in counted})
    journal = schema.journal
    is_open = connection.scalar(select(func.count()).where(journal.c.finish.is_(None)))
    damaged = connection.scalar(select(func.sum(journal.c.damaged)).where(journal.c.damaged > 0))
    yield from _gauge("journals_open", "Journals that are still open.", {"": is_open or 0})
    yield from _gauge("rows", "Committed rows (log calls) of all runs.", {"": int(rows)})
    yield from _gauge("records_damaged", "Records that could not be read or stored.", {"": damaged or 0})
    waiting = connection.scalar(select(func.sum(schema.write_buffer.c.rows)))
    yield from _gauge("rows_unsorted", "Rows that are not yet sorted into series.", {"": waiting or 0})


def _states(kind: str, counts: Mapping[str, int]) -> Iterator[str]:
    values = {f'state="{state}"': count for state, count in counts.items()}
    yield from _gauge(f"{kind}s", f"Number of {kind}s in each state.", values)


def _gauge(name: str, help_text: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {help_text}"
    yield f"# TYPE {PREFIX}{name} gauge"
    for labels, value in values.items():
        yield f"{PREFIX}{name}{{{labels}}} {value}" if labels else f"{PREFIX}{name} {value}"
