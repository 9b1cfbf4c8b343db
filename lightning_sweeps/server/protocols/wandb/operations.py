"""Lists what answers each field of the schema. Fields that are not here are values of their parent."""

from __future__ import annotations

from lightning_sweeps.server.protocols.wandb import (
    agents,
    alerts,
    artifact_changes,
    artifact_uploads,
    artifacts,
    runs,
    sweeps,
    trial_runs,
    uploads,
    viewer,
)
from lightning_sweeps.server.protocols.wandb.documents import Resolvers

RESOLVERS: Resolvers = {
    "Query": {
        "viewer": viewer.viewer,
        "serverInfo": viewer.server_info,
        "entity": viewer.entity,
        "model": runs.project,
        "project": runs.project,
        "artifact": artifacts.artifact,
        "artifactCollection": artifacts.collection_by_id,
        "clientIDMapping": artifact_uploads.client_id_mapping,
    },
    "Project": {
        "bucket": runs.bucket,
        "run": runs.run,
        "sweep": sweeps.sweep,
        "artifact": artifacts.project_artifact,
        "artifactType": artifacts.artifact_type,
        "artifactTypes": artifacts.artifact_types,
        "artifactCollection": artifacts.project_collection,
        "artifactCollections": artifacts.project_collections,
        "artifactCollectionMembership": artifacts.membership,
    },
    "ArtifactType": {
        "artifactCollection": artifacts.typed_collection,
        "artifactCollections": artifacts.typed_collections,
    },
    "ArtifactSequence": {
        "artifacts": artifacts.collection_artifacts,
        "aliases": artifacts.collection_aliases,
        "artifactMembership": artifacts.collection_membership,
    },
    "ArtifactCollectionMembership": {
        "files": artifacts.files,
    },
    "Artifact": {
        "files": artifacts.files,
        "filesByManifestEntries": artifacts.files_by_entries,
    },
    "Run": {
        "stopped": trial_runs.stopped,
    },
    "Mutation": {
        "upsertBucket": runs.upsert_bucket,
        "upsertSweep": sweeps.upsert_sweep,
        "createAgent": agents.create_agent,
        "agentHeartbeat": agents.heartbeat,
        "createRunFiles": uploads.create_run_files,
        "markRunFilesUploaded": uploads.mark_run_files_uploaded,
        "notifyScriptableRunAlert": alerts.notify,
        "createArtifact": artifact_uploads.create_artifact,
        "createArtifactFiles": artifact_uploads.create_artifact_files,
        "createArtifactManifest": artifact_uploads.create_artifact_manifest,
        "updateArtifactManifest": artifact_uploads.update_artifact_manifest,
        "commitArtifact": artifact_uploads.commit_artifact,
        "useArtifact": artifact_uploads.use_artifact,
        "addAliases": artifact_changes.add_aliases,
        "deleteAliases": artifact_changes.delete_aliases,
        "updateArtifact": artifact_changes.update_artifact,
        "deleteArtifact": artifact_changes.delete_artifact,
        "linkArtifact": artifact_changes.link_artifact,
        "unlinkArtifact": artifact_changes.unlink_artifact,
    },
}
