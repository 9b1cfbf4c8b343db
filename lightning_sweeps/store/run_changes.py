"""Changes runs after the fact: to the trash and back, to the archive, to another project, and their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update

from lightning_sweeps.core.names import checked_name
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import RunAction, RunDetails, RunLabels, RunsChange, RunsChanged
from lightning_sweeps.store import run_choice, runs, schema
from lightning_sweeps.store.batch import merge
from lightning_sweeps.store.column_values import plain, text
from lightning_sweeps.store.project_access import Projects, check_access, only_in
from lightning_sweeps.store.project_pages import follow_rename
from lightning_sweeps.store.projects import ensure_project

AT_ONCE = 500
"""Number of runs in one SQL statement."""
MAX_LISTED = 1000
MAX_TAGS, MAX_TAG_LENGTH, MAX_NOTES_LENGTH, MAX_NAME_LENGTH = 100, 200, 20_000, 512

_run = schema.run
_RANK_SUFFIX = re.compile(r"-rank\d+$", re.ASCII)

_OUTSIDE_TRASH = [_run.c.deleted.is_(None)]
_CONCERNED: Mapping[RunAction, Sequence[ColumnElement[bool]]] = {
    "delete": _OUTSIDE_TRASH,
    "restore": runs.shown_runs("deleted"),
    "archive": runs.shown_runs("active"),
    "unarchive": runs.shown_runs("archived"),
    "move": _OUTSIDE_TRASH,
    "rename": _OUTSIDE_TRASH,
}
"""The conditions for the runs to which an action applies."""


@dataclass(frozen=True, slots=True)
class ChangedRuns:
    """The runs that a change concerned.

    Attributes:
        outcome: what the request returns.
        trials: ids of the trials to which the runs belong.
    """

    outcome: RunsChanged
    trials: list[str] = field(default_factory=list)


def change(
    connection: Connection, wanted: RunsChange, *, by: str, now: float, projects: Projects = None
) -> ChangedRuns:
    """Carry out a change of all chosen runs, or say what it would do.

    Args:
        connection: a transaction that writes, unless the change is a preview.
        wanted: the change.
        by: name of the API key.
        now: seconds since the epoch.
        projects: only runs of these projects.

    Raises:
        UsageError: nothing is chosen, a filter is not valid, `move` lacks a project, or `rename` a name.
        NotFound: an id is unknown.
    """
    if (wanted.to_project is None) != (wanted.action != "move"):
        raise UsageError("`to_project` belongs to the action `move`, which needs it")
    if (wanted.to_name is None) != (wanted.action != "rename"):
        raise UsageError("`to_name` belongs to the action `rename`, which needs it")
    found = _find(connection, wanted, projects)
    is_harmless = wanted.action in ("restore", "unarchive", "rename")
    taken = found if wanted.with_running or is_harmless else [row for row in found if row.state != "running"]
    if wanted.to_name is not None:
        new_names = {row.id: _name(wanted.to_name + _rank_suffix(row.name)) for row in taken}
        if not wanted.is_preview:
            _rename(connection, new_names)
    elif not wanted.is_preview:
        _set(connection, [row.id for row in taken], _values(connection, wanted, by=by, now=now))
    outcome = RunsChanged(
        count=len(taken),
        rows=sum(row.rows for row in taken),
        running=len(found) - len(taken),
        runs=[row.id for row in taken[:MAX_LISTED]],
    )
    return ChangedRuns(outcome, sorted({row.trial_id for row in taken if row.trial_id is not None}))


def edit(connection: Connection, run_id: str, labels: RunLabels) -> RunDetails:
    """Set a run's name, tags, notes or values of its configuration.

    Tags that the program sets return only with another attempt of the run.

    Raises:
        NotFound: there is no such run.
        UsageError: there are too many tags, or a text is too long.
    """
    row = runs.lock_run(connection, run_id)
    if row is None:
        raise runs.no_run(run_id)
    values = {
        "tags": None if labels.tags is None else _tags(labels.tags),
        "notes": None if labels.notes is None else _notes(labels.notes),
        "name": None if labels.name is None else _name(labels.name),
        "config": None if labels.config is None else merge(row["config"], plain(labels.config)),
    }
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        connection.execute(update(_run).where(_run.c.id == run_id).values(**given))
    return runs.get_run(connection, run_id)


def rename_project(connection: Connection, name: str, new_name: str) -> None:
    """Give a project another name.

    Raises:
        NotFound: there is no such project.
        UsageError: another project has the name.
    """
    table = schema.project
    new_name = checked_name(new_name, what="project")
    if new_name != name and connection.scalar(select(table.c.id).where(table.c.name == new_name)) is not None:
        raise UsageError(
            f"there is a project `{new_name}` already",
            hint=f"move the runs into it: `lightning-sweeps move --project {name} --to {new_name}`",
        )
    if connection.execute(update(table).where(table.c.name == name).values(name=new_name)).rowcount == 0:
        raise NotFound(f"there is no project `{name}`", hint="GET /api/projects lists the projects")
    follow_rename(connection, name, new_name)


def _find(connection: Connection, wanted: RunsChange, projects: Projects) -> list[Row[Any]]:
    """Return the chosen runs to which the action applies, in the order in which everyone locks runs."""
    conditions = (*run_choice.chosen(connection, wanted.choice), *_CONCERNED[wanted.action], *only_in(projects))
    columns = (_run.c.id, _run.c.name, _run.c.rows, _run.c.state, _run.c.trial_id)
    asked: Select[Any] = select(*columns).join(schema.project).where(*conditions).order_by(_run.c.id)
    found = list(connection.execute(asked))
    known = {row.id for row in found}
    for run_id in wanted.choice.ids:
        if run_id not in known:
            check_access(connection, projects, "run", run_id)
            runs.get_run(connection, run_id)
    return found


def _values(connection: Connection, wanted: RunsChange, *, by: str, now: float) -> Mapping[str, Any]:
    if wanted.action == "move":
        name = checked_name(wanted.to_project or "", what="project")
        return {"project_id": ensure_project(connection, name, now=now)}
    values: dict[RunAction, Mapping[str, Any]] = {
        "delete": {"deleted": now, "deleted_by": by},
        "restore": {"deleted": None, "deleted_by": None},
        "archive": {"archived": now},
        "unarchive": {"archived": None},
    }
    return values[wanted.action]


def _set(connection: Connection, ids: Sequence[str], values: Mapping[str, Any]) -> None:
    for start in range(0, len(ids), AT_ONCE):
        connection.execute(update(_run).where(_run.c.id.in_(ids[start : start + AT_ONCE])).values(**values))


def _rename(connection: Connection, new_names: Mapping[str, str]) -> None:
    if new_names:
        renamed = update(_run).where(_run.c.id == bindparam("run")).values(name=bindparam("new_name"))
        connection.execute(renamed, [{"run": run_id, "new_name": name} for run_id, name in new_names.items()])


def _rank_suffix(name: str) -> str:
    found = _RANK_SUFFIX.search(name)
    return "" if found is None else found[0]


def _tags(given: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(text(tag).strip() for tag in given))
    if len(tags) > MAX_TAGS or not all(0 < len(tag) <= MAX_TAG_LENGTH for tag in tags):
        raise UsageError(f"the tags are not allowed, allowed: {MAX_TAGS} tags of 1 to {MAX_TAG_LENGTH} characters")
    return tags


def _notes(given: str) -> str:
    if len(given) > MAX_NOTES_LENGTH:
        raise UsageError(f"the notes have {len(given)} characters, allowed: {MAX_NOTES_LENGTH}")
    return text(given)


def _name(given: str) -> str:
    name = text(given).strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise UsageError(f"the name of the run is `{given[:50]}`, allowed: 1 to {MAX_NAME_LENGTH} characters")
    return name
