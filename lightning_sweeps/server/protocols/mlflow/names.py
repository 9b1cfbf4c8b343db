"""Maps MLflow's names and ids to ours. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import uuid4

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import NotFound, UsageError

DEFAULT_ID, DEFAULT_NAME = "0", "Default"
"""The experiment of clients that choose none. It always exists."""
ARTIFACT_SCHEME = "mlflow-artifacts:/"
ARTIFACTS_PATH = "/api/2.0/mlflow-artifacts/artifacts"
MODELS_FOLDER = "models"
"""Folder of the artifacts of logged models: in the address of an experiment, and among the files of a run here."""
MAX_PATH_LENGTH = 500
_RUN_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,127}", re.ASCII)
_MODEL_ID = re.compile(r"m-(.+)-[0-9a-f]{8}", re.ASCII)


def new_run_id() -> str:
    """Return an id in the form that MLflow's own servers use."""
    return uuid4().hex


def new_model_id(run_id: str) -> str:
    """Return the id of a logged model. It contains the run that holds the model's files."""
    return f"m-{run_id}-{uuid4().hex[:8]}"


def run_of_model(model_id: str) -> str:
    """Return the run that holds a logged model.

    Raises:
        NotFound: this is not the id of a model of this server.
    """
    found = _MODEL_ID.fullmatch(model_id)
    if found is None:
        raise NotFound(f"there is no logged model `{model_id[:80]}`")
    return found[1]


def node_id(host: str) -> str:
    """Return our id of the machine that a client runs on."""
    return derive_id("mlflow", host, prefix="n-")


def experiment_id(project_id: str, name: str) -> str:
    """Return what clients call a project."""
    return DEFAULT_ID if name == DEFAULT_NAME else project_id


def artifact_uri(of_experiment: str, run_id: str) -> str:
    """Return where clients find the artifacts of a run."""
    return f"{ARTIFACT_SCHEME}{of_experiment}/{run_id}/artifacts"


def model_uri(of_experiment: str, model_id: str) -> str:
    """Return where clients find the artifacts of a logged model."""
    return f"{ARTIFACT_SCHEME}{of_experiment}/{MODELS_FOLDER}/{model_id}/artifacts"


@dataclass(frozen=True, slots=True)
class ArtifactPlace:
    """Where an artifact is here.

    Attributes:
        run_id: the run that holds it.
        path: its path among the run's files; empty: all of them.
    """

    run_id: str
    path: str


def artifact_place(given: str) -> ArtifactPlace:
    """Return where the artifact is that a client names by `EXPERIMENT/RUN/artifacts/PATH`.

    Raises:
        UsageError: the path is not allowed.
        NotFound: it does not belong to a run or a logged model.
    """
    parts = given.strip("/").split("/")
    is_safe = given.isprintable() and len(given) <= MAX_PATH_LENGTH and not {"", ".", ".."} & set(parts)
    if not is_safe or "\\" in given:
        raise UsageError(
            f"Invalid path '{given[:MAX_PATH_LENGTH]}', allowed: up to {MAX_PATH_LENGTH} printable characters"
            " without `\\`, `.` and `..`"
        )
    if len(parts) >= 4 and parts[1] == MODELS_FOLDER and parts[3] == "artifacts":
        return ArtifactPlace(run_of_model(parts[2]), "/".join([MODELS_FOLDER, parts[2], *parts[4:]]))
    if len(parts) >= 3 and parts[2] == "artifacts" and _RUN_ID.fullmatch(parts[1]):
        return ArtifactPlace(parts[1], "/".join(parts[3:]))
    raise NotFound(
        f"there are no artifacts at `{given[:MAX_PATH_LENGTH]}`",
        hint="artifacts belong to a run: `mlflow-artifacts:/EXPERIMENT/RUN/artifacts/PATH`",
    )
