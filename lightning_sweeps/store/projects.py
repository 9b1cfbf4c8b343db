"""Stores projects, which group runs and sweeps by name."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, exists, or_, select

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
    """Return the names of the projects with anything that is not in the trash, sorted."""
    project, run, sweep, artifact = schema.project, schema.run, schema.sweep, schema.artifact
    kept = (
        exists().where(run.c.project_id == project.c.id, run.c.deleted.is_(None)),
        exists().where(sweep.c.project_id == project.c.id, sweep.c.deleted.is_(None)),
        exists().where(artifact.c.project_id == project.c.id),
    )
    return list(connection.scalars(select(project.c.name).where(or_(*kept)).order_by(project.c.name)))


def delete_if_empty(connection: Connection, project_id: str) -> None:
    """Delete a project without runs, sweeps and artifacts, also in the trash, and its alert rules."""
    tables = (schema.run, schema.sweep, schema.artifact)
    if not any(connection.scalar(select(exists().where(table.c.project_id == project_id))) for table in tables):
        connection.execute(delete(schema.alert_rule).where(schema.alert_rule.c.project_id == project_id))
        connection.execute(delete(schema.project).where(schema.project.c.id == project_id))
