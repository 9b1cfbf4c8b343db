"""Reports who takes how much space. It reads sizes that are kept with runs, series and files, never their content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select

from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.messages import SpaceBy, SpaceReport, SpaceUse
from lightning_sweeps.store import schema
from lightning_sweeps.store.series.owners import process_of

MACHINES = "(machines)"
"""Stands for the samples of machines, which belong to no project."""

_run = schema.run
_series = schema.series
_media = schema.media
_project = schema.project

_Sizes = dict[str, dict[str, Any]]
"""By name of a project or key, or id of a run: fields of `SpaceUse`."""


def counted_rows(connection: Connection) -> dict[str, int]:
    """Return the rows of each project that count toward its quota: those that were neither thinned nor deleted."""
    is_whole = _run.c.thinned.is_(None) & _run.c.rows_deleted.is_(None)
    asked = select(_project.c.name, func.sum(_run.c.rows)).join(_run).where(is_whole).group_by(_project.c.name)
    return {row[0]: int(row[1] or 0) for row in connection.execute(asked)}


def over_quota(counted: Mapping[str, int], limits: PerProject[int]) -> dict[str, str]:
    """Return the projects that have reached their quota, and a sentence for each."""
    found = {}
    for name, rows in counted.items():
        limit = limits.of(name)
        if limit is not None and rows >= limit:
            found[name] = f"the project `{name}` has {rows:,} rows of {limit:,} that it may have"
    return found


def report(
    connection: Connection,
    *,
    by: SpaceBy,
    project: str | None = None,
    run: str | None = None,
    limit: int = 100,
    quota: PerProject[int] | None = None,
) -> SpaceReport:
    """Return who takes how much space, the largest first.

    Args:
        connection: a transaction.
        by: what each line is about.
        project: only runs of this project.
        run: only this run.
        limit: number of lines.
        quota: maximum number of rows of projects.
    """
    chosen: list[ColumnElement[bool]] = []
    if project is not None:
        chosen.append(_project.c.name == project)
    if run is not None:
        chosen.append(_run.c.id == run)
    found: _Sizes = defaultdict(dict)
    for part in _parts(by, chosen):
        for row in connection.execute(part).mappings():
            for name, value in row.items():
                if name != "name" and value is not None:
                    known = found[row["name"]].get(name, 0)
                    found[row["name"]][name] = value if isinstance(value, str) else known + int(value)
    if project is None and run is None and by == "project":
        found[MACHINES] = _machines(connection)
    if by == "project":
        for name, said in over_quota(counted_rows(connection), quota or PerProject()).items():
            if name in found:
                found[name]["note"] = f"over quota: {said}; new rows wait on their machines"
    uses = [SpaceUse(name, fields.pop("project", ""), **fields) for name, fields in found.items()]
    uses.sort(key=lambda use: (-use.total_bytes, -use.rows, use.name))
    return SpaceReport(uses[:limit], len(uses))


def _parts(by: SpaceBy, chosen: list[ColumnElement[bool]]) -> list[Select[Any]]:
    """Return statements whose rows add up: each has `name` and some fields of `SpaceUse`."""
    if by == "key":
        return [_points(_series.c.key, "run", chosen), _points(_series.c.key, "process", chosen), _files(by, chosen)]
    name = _project.c.name if by == "project" else _run.c.id
    return [
        _runs(by, chosen),
        _points(name, "run", chosen),
        _points(name, "process", chosen),
        _files(by, chosen),
        _artifacts(by, chosen),
    ]


def _runs(by: SpaceBy, chosen: list[ColumnElement[bool]]) -> Select[Any]:
    name = _project.c.name if by == "project" else _run.c.id
    columns = [
        name.label("name"),
        func.max(_project.c.name).label("project"),
        func.count().label("runs"),
        func.sum(_run.c.rows).label("rows"),
        func.sum(_run.c.console_bytes).label("console_bytes"),
    ]
    if by == "run":
        gone = (_run.c.rows_deleted.is_not(None), literal("rows deleted"))
        columns.append(func.max(case(gone, (_run.c.thinned.is_not(None), literal("rows thinned")))).label("note"))
    return select(*columns).select_from(_run.join(_project)).where(*chosen).group_by(name)


def _points(name: ColumnElement[Any], kind: str, chosen: list[ColumnElement[bool]]) -> Select[Any]:
    """Sum up the series of runs, or of their processes."""
    owner = _run.c.id if kind == "run" else literal(process_of("")) + _run.c.id
    joined = _run.join(_project).join(_series, _series.c.owner_id == owner)
    kinds = [kind, "discarded"] if name is not _series.c.key else [kind]
    columns = [
        name.label("name"),
        func.sum(_series.c.count).label("points"),
        func.sum(_series.c.size_bytes).label("row_bytes"),
    ]
    return select(*columns).select_from(joined).where(_series.c.owner_kind.in_(kinds), *chosen).group_by(name)


def _files(by: SpaceBy, chosen: list[ColumnElement[bool]]) -> Select[Any]:
    name = {"project": _project.c.name, "run": _run.c.id, "key": _media.c.key}[by]
    joined = _run.join(_project).join(_media, _media.c.run_id == _run.c.id)
    columns = (name.label("name"), _media.c.digest, _media.c.size_bytes)
    once = select(*columns).select_from(joined).where(*chosen).distinct().subquery()
    return select(once.c.name, func.sum(once.c.size_bytes).label("media_bytes")).group_by(once.c.name)


def _artifacts(by: SpaceBy, chosen: list[ColumnElement[bool]]) -> Select[Any]:
    use, artifact = schema.artifact_use, schema.artifact
    name = _project.c.name if by == "project" else _run.c.id
    joined = _run.join(_project).join(use, use.c.run_id == _run.c.id).join(artifact, artifact.c.id == use.c.artifact_id)
    made = [use.c.role == "output", *chosen]
    columns = (name.label("name"), artifact.c.id, artifact.c.size_bytes)
    once = select(*columns).select_from(joined).where(*made).distinct().subquery()
    return select(once.c.name, func.sum(once.c.size_bytes).label("artifact_bytes")).group_by(once.c.name)


def _machines(connection: Connection) -> dict[str, Any]:
    asked = select(func.sum(_series.c.count), func.sum(_series.c.size_bytes)).where(_series.c.owner_kind == "node")
    points, size_bytes = connection.execute(asked).one()
    return {"points": int(points or 0), "row_bytes": int(size_bytes or 0)}
