"""The part of SweepLogger that keeps files with versions: data sets, models, code."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.sdk.local_artifacts import Version
from lightning_sweeps.sdk.run import Run

log = logging.getLogger("lightning_sweeps")

CODE_PATTERNS = ("*.py", "*.yaml", "*.yml", "*.toml", "*.sh")
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "lightning_logs"})
MAX_CODE_BYTES = 1024 * 1024


class ArtifactLogging:
    """Artifacts of the run's project, kept in the home folder and sent to the server by the service.

    They are found by every process with the same home folder, and through the server on every other machine.
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
    ) -> Version | None:
        """Keep a file or a folder as a version of the artifact `name`; unchanged content stays the version it was.

        Args:
            name: default: the file's or folder's name.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version besides `latest`.

        Returns:
            the version; None on a rank that does not log.

        Raises:
            UsageError: a name cannot be used, or there is no such file.
            OSError: it cannot be read or kept.
        """
        return self._keep(Path(path), name or Path(path).resolve().name, kind, aliases, metadata)

    def use_artifact(self, artifact: str, artifact_type: str | None = None) -> Version:
        """Note that this run uses an artifact, and return the version that `name:alias` names now; on every rank.

        Raises:
            NotFound: there is none, saying which there are.
            UsageError: it is of another type, or the name cannot be one.
        """
        return self._current_run().use_artifact(artifact, artifact_type)

    def download_artifact(
        self,
        artifact: str,
        save_dir: str | Path | None = None,
        artifact_type: str | None = None,
        use_artifact: bool = True,
    ) -> str:
        """Write the files of an artifact into `save_dir` (default: a folder of the run) and return that folder.

        Raises:
            NotFound, UsageError: as for `use_artifact`.
            ServerError: a file is not here, and the server does not give it.
            OSError: the files cannot be written.
        """
        return str(self._current_run().download_artifact(artifact, save_dir, artifact_type, use=use_artifact))

    def log_code(
        self, root: str | Path = ".", name: str = "code", *, patterns: Sequence[str] = CODE_PATTERNS
    ) -> Version | None:
        """Keep the source files under `root`, without hidden folders, caches and files over 1 MiB.

        Raises:
            UsageError: there is no such folder.
            OSError: a file cannot be read or kept.
        """
        folder = Path(root).resolve()
        found = {path for pattern in patterns for path in folder.rglob(pattern) if _is_code(path.relative_to(folder))}
        files = sorted(path for path in found if path.is_file() and path.stat().st_size <= MAX_CODE_BYTES)
        return self._keep(folder, name, "code", (), None, only=files)

    def _keep(
        self,
        path: Path,
        name: str,
        kind: str,
        aliases: Sequence[str],
        metadata: Mapping[str, Any] | None,
        only: Sequence[Path] | None = None,
    ) -> Version | None:
        run = self._current_run()
        return run.log_artifact(path, name, kind=kind, aliases=aliases, metadata=metadata, only=only)


def _is_code(path: Path) -> bool:
    return not any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)
