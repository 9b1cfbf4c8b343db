"""Changes artifacts: gives and takes aliases, names versions in other projects, replaces metadata, removes versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.messages import Artifact
from lightning_sweeps.store import projects, schema
from lightning_sweeps.store.blobs import artifacts, drafts
from lightning_sweeps.store.column_values import plain
from lightning_sweeps.store.database import lock_name

MAX_NAME_LENGTH = 512

_artifact = schema.artifact
_file = schema.artifact_file
_alias = schema.artifact_alias
_use = schema.artifact_use


def give_aliases(connection: Connection, artifact_id: str, aliases: Sequence[str]) -> Artifact:
    """Give aliases to a version. A version that has one of them loses it.

    Raises:
        NotFound: there is no such version.
        UsageError: an alias is empty, too long, not printable, or `latest`.
    """
    row = _row(connection, artifact_id)
    for alias in aliases:
        if alias == artifacts.LATEST or not 0 < len(alias) <= MAX_NAME_LENGTH or not alias.isprintable():
            raise UsageError(f"the alias `{alias[:80]}` is not allowed", hint="use a name such as `best`")
    artifacts.give(connection, row.project_id, row.name, row.version, aliases)
    return artifacts.get_artifact(connection, artifact_id)


def remove(connection: Connection, artifact_id: str) -> None:
    """Remove a version. The next garbage collection removes its blobs if nothing else refers to them.

    Raises:
        NotFound: there is no such version.
    """
    row = _row(connection, artifact_id)
    connection.execute(delete(_alias).where(_is_of(row)))
    connection.execute(delete(_use).where(_use.c.artifact_id == artifact_id))
    connection.execute(delete(_file).where(_file.c.artifact_id == artifact_id))
    drafts.forget_version(connection, artifact_id)
    connection.execute(delete(_artifact).where(_artifact.c.id == artifact_id))


def take_aliases(connection: Connection, artifact_id: str, aliases: Sequence[str]) -> None:
    """Take aliases from a version. Aliases that it does not have are left out.

    Raises:
        NotFound: there is no such version.
    """
    row = _row(connection, artifact_id)
    connection.execute(delete(_alias).where(_is_of(row), _alias.c.alias.in_(list(aliases))))


def set_metadata(connection: Connection, artifact_id: str, metadata: dict[str, Any]) -> None:
    """Replace what is attached to a version."""
    changed = update(_artifact).where(_artifact.c.id == artifact_id).values(metadata=plain(metadata))
    connection.execute(changed)


def copy_to(
    connection: Connection, artifact_id: str, *, project: str, name: str, aliases: Sequence[str], now: float
) -> Artifact:
    """Make the files of a version a version of another name, also in another project. No content is copied.

    Raises:
        NotFound: there is no such version.
        UsageError: the name is not allowed.
    """
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise UsageError(f"the artifact is named `{name[:80]}`, allowed: 1 to {MAX_NAME_LENGTH} printable characters")
    found = artifacts.get_artifact(connection, artifact_id)
    project_id = projects.ensure_project(connection, project, now=now)
    lock_name(connection, f"artifact {project_id} {name}")
    same = artifacts.find_same(connection, project, name, kind=found.kind, digest=found.digest)
    if same is None:
        is_named = (_artifact.c.project_id == project_id) & (_artifact.c.name == name)
        newest = connection.scalar(select(func.max(_artifact.c.version)).where(is_named))
        files = [
            records.ArtifactFileRecord(one.path, one.digest, one.size_bytes)
            for one in artifacts.list_files(connection, artifact_id)
        ]
        number = 0 if newest is None else newest + 1
        entry = records.ArtifactRecord(
            0, now, name, found.kind, number, found.digest, metadata=found.metadata, files=files
        )
        copy_id = artifacts.create_version(connection, entry, project_id, number)
    else:
        copy_id, number = same.id, same.version
    artifacts.give(connection, project_id, name, number, aliases)
    return artifacts.get_artifact(connection, copy_id)


def _row(connection: Connection, artifact_id: str) -> Row[Any]:
    row = connection.execute(select(_artifact).where(_artifact.c.id == artifact_id)).first()
    if row is None:
        raise NotFound(f"there is no artifact `{artifact_id}`", hint="GET /api/artifacts lists them")
    return row


def _is_of(row: Row[Any]) -> Any:
    """Return the condition that an alias is one of a version."""
    return (_alias.c.project_id == row.project_id) & (_alias.c.name == row.name) & (_alias.c.version == row.version)
