"""Lists, tags and deletes artifacts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from lightning_sweeps.messages import AliasChange, Artifact, ArtifactFile, ArtifactUse
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store.blobs import artifact_changes, artifacts

router = scoped_router("media and artifacts", not_found=True)


@router.get("/api/runs/{run_id}/artifacts")
def list_uses(store: StoreDep, run_id: str) -> list[ArtifactUse]:
    """List the artifacts that a run created and used."""
    with store.read() as connection:
        return artifacts.list_uses(connection, run_id)


@router.get("/api/artifacts")
def list_artifacts(
    store: StoreDep,
    projects: ProjectsDep,
    project: Annotated[str | None, Query()] = None,
    name: Annotated[str | None, Query()] = None,
    kind: Annotated[str | None, Query()] = None,
) -> list[Artifact]:
    """List artifact versions, the newest of each name first."""
    with store.read() as connection:
        found = artifacts.list_artifacts(connection, project=project, name=name, kind=kind)
    return [one for one in found if projects is None or one.project in projects]


@router.get("/api/artifacts/{artifact_id}/files")
def list_files(store: StoreDep, artifact_id: str) -> list[ArtifactFile]:
    """List the files of one artifact version."""
    with store.read() as connection:
        return artifacts.list_files(connection, artifact_id)


@router.post("/api/artifacts/{artifact_id}/aliases")
def give_aliases(store: StoreDep, artifact_id: str, change: AliasChange) -> Artifact:
    """Give aliases such as `best` to a version. Each alias moves from the version that had it."""
    with store.write() as connection:
        return artifact_changes.give_aliases(connection, artifact_id, change.aliases)


@router.delete("/api/artifacts/{artifact_id}")
def remove_artifact(store: StoreDep, artifact_id: str) -> Artifact:
    """Delete a version and return what it was. `lightning-sweeps db compact` frees its disk space."""
    with store.write() as connection:
        removed = artifacts.get_artifact(connection, artifact_id)
        artifact_changes.remove(connection, artifact_id)
    return removed
