"""Answers to which projects an object belongs, for API keys that are limited to projects."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, select

from lightning_sweeps.errors import Forbidden, NotFound
from lightning_sweeps.store import schema
from lightning_sweeps.store.blobs import blob_table

Projects: TypeAlias = frozenset[str] | None
"""Names of the projects that a key may use; None: all."""

ObjectKind: TypeAlias = Literal["run", "sweep", "trial", "agent", "journal", "series", "artifact", "blob"]

_project = schema.project
_run = schema.run
_sweep = schema.sweep


def _of_sweep(table: Any) -> Select[Any]:
    joined = _project.join(_sweep).join(table, table.c.sweep_id == _sweep.c.id)
    return select(_project.c.name).select_from(joined)


def _of_project(table: Any) -> Select[Any]:
    return select(_project.c.name).select_from(_project.join(table))


_QUERIES: dict[ObjectKind, tuple[Select[Any], Any]] = {
    "run": (_of_project(_run), _run.c.id),
    "series": (_of_project(_run), _run.c.id),  # those of nodes have no project
    "sweep": (_of_project(_sweep), _sweep.c.id),
    "trial": (_of_sweep(schema.trial), schema.trial.c.id),
    "agent": (_of_sweep(schema.agent), schema.agent.c.id),
    "journal": (
        select(_project.c.name).select_from(
            _project.join(_run).join(schema.journal, schema.journal.c.run_id == _run.c.id)
        ),
        schema.journal.c.id,
    ),
    "artifact": (_of_project(schema.artifact), schema.artifact.c.id),
}


def only_in(projects: Projects) -> list[ColumnElement[bool]]:
    """Return the conditions that limit a statement that joins `project` to what a key may use."""
    return [] if projects is None else [_project.c.name.in_(projects)]


def projects_of(connection: Connection, kind: ObjectKind, ids: Collection[str]) -> frozenset[str]:
    """Return the names of the projects of objects. Objects that do not exist, or are of no project, have none."""
    if kind == "blob":
        return frozenset(name for digest in ids for name in blob_table.projects_of(connection, digest))
    query, key = _QUERIES[kind]
    return frozenset(connection.scalars(query.where(key.in_(list(ids))).distinct()))


def check_access(connection: Connection, projects: Projects, kind: ObjectKind, *ids: str) -> None:
    """Check that a key may use objects. A blob may be used if one of its projects may.

    Raises:
        NotFound: one of them is of another project. The message is that of an object that does not exist.
    """
    if projects is None or not ids:
        return
    found = projects_of(connection, kind, ids)
    is_allowed = not found or bool(found & projects) if kind == "blob" else found <= projects
    if not is_allowed:
        named = f"`{ids[0]}`" if len(ids) == 1 else f"of {len(ids)}"
        raise NotFound(f"there is no {kind} {named}", hint=f"the API key is limited to {describe(projects)}")


def check_project(projects: Projects, *names: str) -> None:
    """Check that a key may use projects.

    Raises:
        Forbidden: it may not.
    """
    other = [] if projects is None else sorted(set(names) - projects)
    if projects is not None and other:
        raise Forbidden(
            f"the API key is limited to {describe(projects)}, not `{other[0]}`",
            status=403,
            hint="use a key for that project: `lightning-sweeps key create NAME --project PROJECT`",
        )


def check_run(connection: Connection, projects: Projects, run_id: str | None) -> None:
    """Check that a key may write to a run, to its sweep and to its trial.

    Raises:
        Forbidden: one of them is of another project.
    """
    if projects is None or run_id is None:
        return
    check_project(projects, *projects_of(connection, "run", [run_id]))
    found = connection.execute(select(_run.c.sweep_id, _run.c.trial_id).where(_run.c.id == run_id)).one_or_none()
    if found is not None:
        check_project(projects, *projects_of(connection, "sweep", [found.sweep_id or ""]))
        check_project(projects, *projects_of(connection, "trial", [found.trial_id or ""]))


def describe(projects: frozenset[str]) -> str:
    """Return the names of projects for a message."""
    return "the project" + ("s " if len(projects) > 1 else " ") + ", ".join(f"`{name}`" for name in sorted(projects))
