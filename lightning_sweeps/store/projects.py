"""Stores projects, which group runs and sweeps by name."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import text
from lightning_sweeps.store.database import insert

_FIND = select(schema.project.c.id).where(schema.project.c.name == bindparam("wanted"))


def ensure_project(connection: Connection, name: str, *, now: float) -> str:
    """Return the id of the project `name`; create it if it is new."""
    name = text(name)
    project_id = connection.scalar(_FIND, {"wanted": name})
    if project_id is None:
        row = {"id": new_id(), "name": name, "created": now}
        connection.execute(insert(connection, schema.project).on_conflict_do_nothing(), row)
        project_id = connection.scalar(_FIND, {"wanted": name})
    return str(project_id)


def project_names(connection: Connection) -> list[str]:
    """Return every project's name, sorted."""
    return list(connection.scalars(select(schema.project.c.name).order_by(schema.project.c.name)))
