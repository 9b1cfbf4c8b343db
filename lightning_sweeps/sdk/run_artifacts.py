"""Defines the artifact methods of `Run`. Versions are stored in the home folder; the service uploads them."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lightning_sweeps.core.names import checked_name
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import NotFound, ServerError, UsageError
from lightning_sweeps.journal.conform import text, texts
from lightning_sweeps.journal.records import ArtifactFileRecord, ArtifactRecord
from lightning_sweeps.journal.values import plain_map
from lightning_sweeps.sdk.local_artifacts import LATEST, ArtifactVersion, LocalArtifacts
from lightning_sweeps.sdk.run_base import RunBase

if TYPE_CHECKING:
    from lightning_sweeps.messages import Artifact as ServerVersion

logger = logging.getLogger("lightning_sweeps")


class RunArtifacts(RunBase):
    """The part of `Run` that stores and finds files with versions."""

    @property
    def project(self) -> str:
        """The project that the artifacts belong to."""
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        raise NotImplementedError

    @property
    def artifacts(self) -> LocalArtifacts:
        """The artifacts of the project in the home folder."""
        return LocalArtifacts(self._home, self.project)

    def record_artifact(
        self, version: ArtifactVersion, role: Literal["output", "input"], aliases: Sequence[str] = ()
    ) -> None:
        """Record that this run produced (`output`) or used (`input`) a version of an artifact."""
        given: object = version
        if not isinstance(given, ArtifactVersion):
            self._report(f"record_artifact() got a `{type(given).__name__}`, not a version", about="artifact version")
        elif self._writer is not None:
            self._reopen()
            self._writer.append(
                lambda sequence, time: ArtifactRecord(
                    sequence, time, version.name, version.kind, version.number, version.digest, role,
                    aliases, version.metadata, version.files,  # type: ignore[arg-type]
                )
            )  # fmt: skip

    def log_artifact(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        kind: str = "file",
        aliases: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        only: Sequence[Path] | None = None,
        type: str | None = None,  # noqa: A002 - W&B's name
    ) -> ArtifactVersion | None:
        """Store a file or a folder as a version of an artifact. Unchanged content gets no new version.

        The files are copied before the call returns; the service uploads them. If another machine has used the same
        version number for other files, the server assigns a new number. Never raises: if the files cannot be stored, a
        warning says so.

        Args:
            path: the file or folder.
            name: the name of the artifact. Default: the name of the file or folder.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version. `latest` always names the newest one.
            metadata: values stored with the version.
            only: files of the folder to store. Default: all of them.
            type: the same as `kind`, as in W&B.

        Returns:
            The version. None on a rank that does not log, and if it cannot be stored.

        Example:
            >>> run.log_artifact("model.pt", name="classifier", kind="model", aliases=["best"])
        """
        if self._writer is None:
            return None
        try:
            given = Path(text(path))
            version = self.artifacts.add(
                given,
                name=given.resolve().name if name is None else text(name),
                kind=text(type or kind or "file"),
                aliases=texts(aliases),
                metadata=plain_map(metadata or {})[0],
                only=None if only is None else [Path(each) for each in texts(only)],
            )
            self.record_artifact(version, "output", texts(aliases))
        except Exception as error:  # the disk may be full, and a user's object may raise anything
            shown = str(path)[:200] if isinstance(path, str | Path) else f"a {_type_of(path)}"
            problem = f"cannot store `{shown}` as an artifact: {error}"
            self._report(f"{problem}; training continues without it", about=f"artifact {problem}")
            return None
        return version

    def use_artifact(
        self,
        artifact: str,
        kind: str | None = None,
        *,
        type: str | None = None,  # noqa: A002 - W&B's name
    ) -> ArtifactVersion:
        """Find a version of an artifact and record that this run uses it.

        The server finds versions from other machines. If it does not answer within seconds, or does not have the
        version yet, only the home folder is searched.

        Args:
            artifact: `name`, `name:latest`, `name:best` (an alias) or `name:v3` (a version).
            kind: the kind that the artifact must have. Default: any.
            type: the same as `kind`, as in W&B.

        Returns:
            The version.

        Raises:
            NotFound: there is no such version. The message lists the versions.
            UsageError: the artifact has another kind, or the name is not allowed.
        """
        version = self.find_artifact(artifact)
        wanted = kind if type is None else type
        kind = wanted if wanted is None or isinstance(wanted, str) else _type_of(wanted)
        if kind is not None and version.kind != kind:
            raise UsageError(f"the artifact `{artifact}` is a `{version.kind}`, not a `{kind}`")
        self.record_artifact(version, "input")
        return version

    def download_artifact(
        self, artifact: str, folder: str | Path | None = None, kind: str | None = None, *, use: bool = True
    ) -> Path:
        """Write the files of an artifact into a folder.

        Args:
            artifact: as in `use_artifact`.
            folder: the target. Default: a folder inside the folder of the run.
            kind: the kind that the artifact must have. Default: any.
            use: record that this run uses the artifact.

        Returns:
            The folder.

        Raises:
            NotFound: there is no such version.
            UsageError: the artifact has another kind, or the name is not allowed.
            ServerError: a file is not in the home folder and cannot be downloaded.
            OSError: a file cannot be written.

        Example:
            >>> folder = run.download_artifact("classifier:best")
        """
        version = self.find_artifact(artifact) if use is False else self.use_artifact(artifact, kind)
        default = self.folder / "artifacts" / f"{version.name}-v{version.number}"
        missing = [file.digest for file in version.files if not self._home.blob(file.digest).exists()]
        if missing:
            _downloads().download_blobs(self._settings(), self._home, missing)
        try:
            return self.artifacts.copy_to(version, Path(text(folder)) if folder is not None else default)
        except (ValueError, TypeError):
            raise UsageError(f"the folder is a `{_type_of(folder)}`, allowed: a path") from None

    def find_artifact(self, reference: str) -> ArtifactVersion:
        """Find a version of an artifact without recording that this run uses it.

        Args:
            reference: as in `use_artifact`.

        Raises:
            NotFound: there is no such version.
            UsageError: the name is not allowed.
        """
        given: object = reference
        if not isinstance(given, str):
            raise UsageError(f"the artifact is a `{type(given).__name__}`, allowed: `name` or `name:version`")
        name, _, wanted = reference.partition(":")
        checked_name(name, what="artifact")
        on_server = self._list_on_server(name)
        try:
            local = self.artifacts.find(reference)
        except NotFound:
            if on_server is None:
                raise
            local = None
        found = [version for version in on_server or [] if matches(version, wanted or LATEST)]
        if local is not None and (not found or local.digest not in {version.digest for version in on_server or []}):
            return local  # the server does not know it yet
        if not found:
            known = ", ".join(f"v{version.version}" for version in on_server or []) or "none"
            raise NotFound(
                f"the project `{self.project}` has no artifact `{reference}`",
                hint=f"versions of `{name}` on the server: {known}",
            )
        return self._read_from_server(found[0])

    def _list_on_server(self, name: str) -> list[ServerVersion] | None:
        if self._settings().mode != "online":
            return None
        try:
            found: list[ServerVersion] | None = _downloads().versions(self._settings(), self.project, name)
        except ServerError as error:
            logger.warning("cannot ask the server for `%s`, only this home folder is searched: %s", name, error)
            return None
        return found

    def _read_from_server(self, found: ServerVersion) -> ArtifactVersion:
        listed = _downloads().files(self._settings(), found.id)
        files = [ArtifactFileRecord(file.path, file.digest, file.size_bytes) for file in listed]
        return ArtifactVersion(found.name, found.kind, found.version, found.digest, files, found.metadata)

    def _settings(self) -> Settings:
        return replace(read_settings(), home=self._home.root)


def _type_of(value: object) -> str:
    return type(value).__name__


def matches(version: ServerVersion, wanted: str) -> bool:
    """Return whether `wanted` (`v3` or an alias) names this version."""
    return wanted == f"v{version.version}" or wanted in version.aliases


def _downloads() -> Any:
    """Return the module that downloads from the server. It is imported on first use: training needs no HTTP client."""
    return importlib.import_module("lightning_sweeps.client.download_blobs")
