"""Stores artifacts: versions of named sets of files in a project, with numbers and aliases.

A version keeps the number that its machine assigned, if no other version has it on the server. The same files under the
same name are the same version, on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.messages import Artifact, ArtifactFile, ArtifactUse
from lightning_sweeps.store import runs, schema
from lightning_sweeps.store.database import insert, lock_name

LATEST = "latest"

_artifact = schema.artifact
_file = schema.artifact_file
_alias = schema.artifact_alias
_use = schema.artifact_use
_blob = schema.blob


def add(connection: Connection, entry: records.ArtifactRecord, *, run_id: str, journal_id: str) -> None:
    """Store an artifact record of a run's journal."""
    project_id = connection.scalar(select(schema.run.c.project_id).where(schema.run.c.id == run_id))
    lock_name(connection, f"artifact {project_id} {entry.name}")
    same = (_artifact.c.project_id == project_id) & (_artifact.c.name == entry.name)
    found = select(_artifact.c.id, _artifact.c.version).where(
        same, _artifact.c.digest == entry.digest, _artifact.c.kind == entry.kind
    )
    known = connection.execute(found.order_by(_artifact.c.version.desc()).limit(1)).first()
    if known is None:
        taken = set(connection.scalars(select(_artifact.c.version).where(same)))
        number = entry.version if entry.version >= 0 and entry.version not in taken else max(taken, default=-1) + 1
        artifact_id = create_version(connection, entry, str(project_id), number)
    else:
        artifact_id, number = known
    use = {"journal_id": journal_id, "sequence": entry.sequence, "run_id": run_id, "artifact_id": artifact_id}
    connection.execute(insert(connection, _use).values(use | {"role": entry.role, "time": entry.time}))
    if entry.role == "output":
        give(connection, str(project_id), entry.name, number, entry.aliases)


def list_artifacts(
    connection: Connection, *, project: str | None = None, name: str | None = None, kind: str | None = None
) -> list[Artifact]:
    """Return versions of artifacts by project and name, newest first."""
    conditions = {schema.project.c.name: project, _artifact.c.name: name, _artifact.c.kind: kind}
    given = [column == value for column, value in conditions.items() if value is not None]
    return _messages(connection, connection.execute(_joined().where(*given).order_by(*_ORDER)).all())


def get_artifact(connection: Connection, artifact_id: str) -> Artifact:
    """Return one version of an artifact.

    Raises:
        NotFound: there is no such version.
    """
    found = connection.execute(_joined().where(_artifact.c.id == artifact_id)).all()
    if not found:
        raise NotFound(f"there is no artifact `{artifact_id}`", hint="GET /api/artifacts lists them")
    return _messages(connection, found)[0]


def find_artifact(
    connection: Connection, project: str, name: str, *, version: int | None = None, alias: str = LATEST
) -> Artifact | None:
    """Return a version by its number or by an alias, or None."""
    found = list_artifacts(connection, project=project, name=name)
    if version is not None:
        return next((one for one in found if one.version == version), None)
    return next((one for one in found if alias in one.aliases), None)


def find_same(connection: Connection, project: str, name: str, *, kind: str, digest: str) -> Artifact | None:
    """Return the newest version with the same files, or None."""
    found = list_artifacts(connection, project=project, name=name, kind=kind)
    return next((one for one in found if one.digest == digest), None)


def list_files(connection: Connection, artifact_id: str) -> list[ArtifactFile]:
    """Return the files of a version, by path.

    Raises:
        NotFound: there is no such version.
    """
    get_artifact(connection, artifact_id)
    asked = select(_file, _blob.c.digest.label("stored")).outerjoin(_blob, _blob.c.digest == _file.c.digest)
    rows = connection.execute(asked.where(_file.c.artifact_id == artifact_id).order_by(_file.c.path))
    return [ArtifactFile(row.path, row.digest, row.size_bytes, row.stored is not None) for row in rows]


def list_uses(connection: Connection, run_id: str) -> list[ArtifactUse]:
    """Return the artifacts that a run has created and used, without duplicates, in the order of its journal.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    used = select(_use.c.artifact_id, _use.c.role, func.min(_use.c.time).label("time")).where(_use.c.run_id == run_id)
    rows = connection.execute(
        used.group_by(_use.c.artifact_id, _use.c.role).order_by(func.min(_use.c.time), func.min(_use.c.sequence))
    ).all()
    asked = _joined().where(_artifact.c.id.in_({row.artifact_id for row in rows}))
    known = {one.id: one for one in _messages(connection, connection.execute(asked).all())}
    return [ArtifactUse(row.role, row.time, known[row.artifact_id]) for row in rows]


_ORDER = (schema.project.c.name, _artifact.c.name, _artifact.c.version.desc())


def list_runs(connection: Connection, artifact_id: str, *, role: str) -> list[str]:
    """Return the ids of the runs that created (`output`) or used (`input`) a version, by time."""
    asked = select(_use.c.run_id).where(_use.c.artifact_id == artifact_id, _use.c.role == role)
    return list(connection.scalars(asked.group_by(_use.c.run_id).order_by(func.min(_use.c.time))))


def create_version(connection: Connection, entry: records.ArtifactRecord, project_id: str, number: int) -> str:
    """Create a version with this number, and return its id."""
    artifact_id = new_id()
    row = {
        "id": artifact_id,
        "project_id": project_id,
        "name": entry.name,
        "version": number,
        "kind": entry.kind,
        "digest": entry.digest,
        "size_bytes": sum(file.size_bytes for file in entry.files),
        "metadata": entry.metadata,
        "created": entry.time,
    }
    connection.execute(insert(connection, _artifact).values(row))
    files = [
        {"artifact_id": artifact_id, "path": file.path, "digest": file.digest, "size_bytes": file.size_bytes}
        for file in entry.files
    ]
    if files:
        connection.execute(insert(connection, _file).on_conflict_do_nothing(), files)
    return artifact_id


def give(connection: Connection, project_id: str, name: str, number: int, aliases: Iterable[str]) -> None:
    """Give aliases to a version. `latest` is not stored."""
    for alias in aliases:
        if alias != LATEST:
            row = {"project_id": project_id, "name": name, "alias": alias, "version": number}
            given = insert(connection, _alias).values(row)
            key = ["project_id", "name", "alias"]
            connection.execute(given.on_conflict_do_update(index_elements=key, set_={"version": number}))


def _joined() -> Any:
    """Return the query of versions, each with its project's name, its creator, and whether a blob is missing."""
    maker = (
        select(_use.c.run_id)
        .where(_use.c.artifact_id == _artifact.c.id, _use.c.role == "output")
        .order_by(_use.c.time)
        .limit(1)
        .scalar_subquery()
    )
    lacking = exists().where(
        _file.c.artifact_id == _artifact.c.id, ~exists().where(_blob.c.digest == _file.c.digest).correlate(_file)
    )
    columns = (_artifact, schema.project.c.name.label("project"), maker.label("run"), lacking.label("lacking"))
    return select(*columns).join(schema.project)


def _messages(connection: Connection, rows: Sequence[Row[Any]]) -> list[Artifact]:
    of_projects = {row.project_id for row in rows}
    aliases: dict[tuple[str, str, int], list[str]] = {}
    for row in connection.execute(select(_alias).where(_alias.c.project_id.in_(of_projects)).order_by(_alias.c.alias)):
        aliases.setdefault((row.project_id, row.name, row.version), []).append(row.alias)
    newest = select(_artifact.c.project_id, _artifact.c.name, func.max(_artifact.c.version).label("version"))
    newest = newest.where(_artifact.c.project_id.in_(of_projects)).group_by(_artifact.c.project_id, _artifact.c.name)
    latest = {tuple(row) for row in connection.execute(newest)}
    found = []
    for row in rows:
        place = (row.project_id, row.name, row.version)
        same = {name: getattr(row, name) for name in _SAME}
        named = [*([LATEST] if place in latest else []), *aliases.get(place, [])]
        found.append(Artifact(**same, aliases=named, is_stored=not row.lacking))
    return found


_SAME = ("id", "project", "name", "version", "kind", "digest", "size_bytes", "metadata", "created", "run")
