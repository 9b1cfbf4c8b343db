"""Defines the artifact methods of `SweepLogger`: data sets, models and code with versions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.sdk.code_files import CODE_PATTERNS
from lightning_sweeps.sdk.local_artifacts import ArtifactVersion
from lightning_sweeps.sdk.run import Run

log = logging.getLogger("lightning_sweeps")


class ArtifactMethods:
    """Stores and finds artifacts through the run of this rank.

    A process with the same home folder finds an artifact there; a process on another machine finds it through the
    server.
    """

    def _current_run(self) -> Run:
        raise NotImplementedError

    def log_artifact(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        kind: str = "file",
        aliases: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        type: str | None = None,  # noqa: A002 - W&B's name
    ) -> ArtifactVersion | None:
        """Store a file or a folder as a version of an artifact. Unchanged content gets no new version. Never raises.

        Args:
            path: the file or folder. It is copied before the call returns.
            name: the name of the artifact. Default: the name of the file or folder.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version. `latest` always names the newest one.
            metadata: values stored with the version.
            type: the same as `kind`, as in W&B.

        Returns:
            The version. None on a rank that does not log, and if it cannot be stored.
        """
        return self._current_run().log_artifact(path, name, kind=kind, aliases=aliases, metadata=metadata, type=type)

    def use_artifact(self, artifact: str, artifact_type: str | None = None) -> ArtifactVersion:
        """Find a version of an artifact and record that this run uses it. Works on every rank.

        Args:
            artifact: `name`, `name:latest`, `name:best` (an alias) or `name:v3` (a version).
            artifact_type: the kind that the artifact must have. Default: any.

        Returns:
            The version.

        Raises:
            NotFound: there is no such version. The message lists the versions.
            UsageError: the artifact has another kind, or the name is not allowed.
        """
        return self._current_run().use_artifact(artifact, artifact_type)

    def download_artifact(
        self,
        artifact: str,
        save_dir: str | Path | None = None,
        artifact_type: str | None = None,
        use_artifact: bool = True,
    ) -> str:
        """Write the files of an artifact into a folder.

        Args:
            artifact: as in `use_artifact`.
            save_dir: the target. Default: a folder inside the folder of the run.
            artifact_type: the kind that the artifact must have. Default: any.
            use_artifact: record that this run uses the artifact.

        Returns:
            The path of the folder.

        Raises:
            NotFound: there is no such version.
            UsageError: the artifact has another kind, or the name is not allowed.
            ServerError: a file is not in the home folder and cannot be downloaded.
            OSError: a file cannot be written.
        """
        return str(self._current_run().download_artifact(artifact, save_dir, artifact_type, use=use_artifact))

    def log_code(
        self, root: str | Path = ".", name: str = "code", *, patterns: Sequence[str] = CODE_PATTERNS
    ) -> ArtifactVersion | None:
        """Store source files as a version of an artifact, without hidden folders, caches and files over 1 MiB.

        Args:
            root: the folder with the code.
            name: the name of the artifact.
            patterns: which files to store. Default: Python, YAML, TOML and shell files.

        Returns:
            The version. None on a rank that does not log, and if it cannot be stored.
        """
        return self._current_run().log_code(root, name, patterns=patterns)
