"""Identifies the owners of series: a run, a node, or the process of a run with the id `process:<run id>`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlalchemy import Connection, select

from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema

OwnerKind: TypeAlias = Literal["run", "node", "process"]

KINDS: tuple[OwnerKind, ...] = ("run", "node", "process")
DISCARDED = "discarded"
"""The `owner_kind` of a series that nobody sees any more; see `discarded.py`."""
ID_LENGTH = 128
_PROCESS = "process:"


def process_of(run_id: str) -> str:
    """Return the owner id of a run's process."""
    return f"{_PROCESS}{run_id}"


def run_of(owner_id: str) -> str | None:
    """Return the run of a process's owner id; None for the id of a run or node."""
    return owner_id.removeprefix(_PROCESS) if owner_id.startswith(_PROCESS) else None


def owner_kind(connection: Connection, owner_id: str) -> OwnerKind:
    """Return what an owner id names.

    Raises:
        NotFound: there is no such run, node or process.
    """
    if _is_in(connection, "run", owner_id):
        return "run"
    if _is_in(connection, "node", owner_id):
        return "node"
    run_id = run_of(owner_id)
    if run_id is not None and _is_in(connection, "run", run_id):
        return "process"
    raise NotFound(
        f"there is no run and no node `{owner_id}`",
        hint="`lightning-sweeps runs` lists the runs of this server, GET /api/nodes its nodes",
    )


def no_key(kind: OwnerKind, owner_id: str, key: str) -> NotFound:
    """Return the error for a series that the owner has not logged."""
    return NotFound(
        f"the {kind} `{owner_id}` has no series `{key}`", hint=f"GET /api/series/{owner_id} lists its series"
    )


def _is_in(connection: Connection, kind: Literal["run", "node"], owner_id: str) -> bool:
    table = schema.run if kind == "run" else schema.node
    return connection.scalar(select(table.c.id).where(table.c.id == owner_id)) is not None
