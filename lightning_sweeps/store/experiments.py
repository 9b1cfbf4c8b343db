"""Stores what MLflow clients say of a project, which they call an experiment: its tags, and that it was deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, update

from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema

_project = schema.project
_run = schema.run


@dataclass(frozen=True, slots=True)
class Experiment:
    """A project, as MLflow clients see it.

    Attributes:
        id: id of the project.
        name: its name.
        created: when it was created, in seconds since the epoch.
        tags: its tags.
        deleted: when a client deleted it, with its runs; None: it is active. New runs make it active again.
    """

    id: str
    name: str
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    deleted: float | None = None


def get_experiment(connection: Connection, *, project_id: str | None = None, name: str | None = None) -> Experiment:
    """Return an experiment by the id or the name of its project.

    Raises:
        NotFound: there is none.
    """
    condition = _project.c.name == name if project_id is None else _project.c.id == project_id
    found = _select(connection, condition)
    if not found:
        named = f"the name `{name}`" if project_id is None else f"the id `{project_id}`"
        raise NotFound(f"there is no experiment with {named}", hint="create it first, for example by set_experiment")
    return found[0]


def list_experiments(connection: Connection) -> list[Experiment]:
    """Return all experiments, the newest first."""
    return _select(connection)


def set_tags(connection: Connection, project_id: str, tags: dict[str, str | None]) -> None:
    """Set tags of an experiment; None removes one."""
    record = _lock(connection, project_id)
    merged = {**record.get("tags", {}), **tags}
    kept = {key: value for key, value in merged.items() if value is not None}
    _set(connection, project_id, record | {"tags": kept})


def set_deleted(connection: Connection, project_id: str, deleted: float | None) -> None:
    """Note that an experiment was deleted, or restored (None)."""
    _set(connection, project_id, _lock(connection, project_id) | {"deleted": deleted})


def _select(connection: Connection, *conditions: ColumnElement[bool]) -> list[Experiment]:
    has_runs = exists().where(_run.c.project_id == _project.c.id, _run.c.deleted.is_(None)).label("has_runs")
    columns = (_project.c.id, _project.c.name, _project.c.created, _project.c.experiment, has_runs)
    asked = select(*columns).where(*conditions).order_by(_project.c.created.desc(), _project.c.id)
    return [_experiment(row) for row in connection.execute(asked)]


def _experiment(row: Row[Any]) -> Experiment:
    record = row.experiment or {}
    deleted = None if row.has_runs else record.get("deleted")
    return Experiment(row.id, row.name, row.created, record.get("tags", {}), deleted)


def _lock(connection: Connection, project_id: str) -> dict[str, Any]:
    asked = select(_project.c.experiment).where(_project.c.id == project_id).with_for_update()
    return connection.scalar(asked) or {}


def _set(connection: Connection, project_id: str, record: dict[str, Any]) -> None:
    connection.execute(update(_project).where(_project.c.id == project_id).values(experiment=record))
