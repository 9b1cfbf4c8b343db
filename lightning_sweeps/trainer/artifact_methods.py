"""Defines the artifact methods of `SweepLogger`: data sets, models and code with versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.sdk.local_artifacts import ArtifactVersion
from lightning_sweeps.sdk.run import Run

CODE_PATTERNS = ("*.py", "*.yaml", "*.yml", "*.toml", "*.sh")
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "lightning_logs"})
MAX_CODE_BYTES = 1024 * 1024


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
    ) -> ArtifactVersion | None:
        """Store a file or a folder as a version of an artifact. Unchanged content gets no new version.

        Args:
            path: the file or folder. It is copied before the call returns.
            name: the name of the artifact. Default: the name of the file or folder.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version. `latest` always names the newest one.
            metadata: values stored with the version.

        Returns:
            The version. None on a rank that does not log.

        Raises:
            UsageError: the name or an alias is not allowed, or the path does not exist.
            OSError: a file cannot be read or stored.
        """
        return self._current_run().log_artifact(path, name, kind=kind, aliases=aliases, metadata=metadata)

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
            The version. None on a rank that does not log.

        Raises:
            UsageError: the folder does not exist.
            OSError: a file cannot be read or stored.
        """
        folder = Path(root).resolve()
        found = {path for pattern in patterns for path in folder.rglob(pattern) if _is_code(path.relative_to(folder))}
        files = sorted(path for path in found if path.is_file() and path.stat().st_size <= MAX_CODE_BYTES)
        return self._current_run().log_artifact(folder, name, kind="code", only=files)


def _is_code(path: Path) -> bool:
    return not any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)
