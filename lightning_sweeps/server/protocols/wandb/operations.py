"""Lists what answers each field of the schema. Fields that are not here are values of their parent."""

from __future__ import annotations

from lightning_sweeps.server.protocols.wandb import agents, alerts, runs, sweeps, trial_runs, uploads, viewer
from lightning_sweeps.server.protocols.wandb.documents import Resolvers

RESOLVERS: Resolvers = {
    "Query": {
        "viewer": viewer.viewer,
        "serverInfo": viewer.server_info,
        "entity": viewer.entity,
        "model": runs.project,
        "project": runs.project,
    },
    "Project": {
        "bucket": runs.bucket,
        "run": runs.run,
        "sweep": sweeps.sweep,
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
    },
}
