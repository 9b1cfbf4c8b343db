"""Projects: a name that runs and sweeps share."""

from __future__ import annotations

from sqlalchemy import Connection, select

from lightning_sweeps.ids import new_id
from lightning_sweeps.store import schema
from lightning_sweeps.store.engine import insert
from lightning_sweeps.store.plain import text


def ensure_project(connection: Connection, name: str, *, now: float) -> str:
    """Return the id of the project `name`, which is made where it is new."""
    name = text(name)
    table = schema.project
    found = select(table.c.id).where(table.c.name == name)
    project_id = connection.scalar(found)
    if project_id is None:
        row = {"id": new_id(), "name": name, "created": now}
        connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
        project_id = connection.scalar(found)
    return str(project_id)


def project_names(connection: Connection) -> list[str]:
    """Return every project's name, sorted."""
    return list(connection.scalars(select(schema.project.c.name).order_by(schema.project.c.name)))
