"""A run's artifacts: kept in the home folder, sent by the service, found here and through the server elsewhere."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import NotFound, ServerError, UsageError
from lightning_sweeps.journal.records import ArtifactFileRecord
from lightning_sweeps.sdk.local_artifacts import LATEST, ArtifactShelf, Version
from lightning_sweeps.sdk.names import checked_name

if TYPE_CHECKING:
    from lightning_sweeps.messages import Artifact as OnServer

logger = logging.getLogger("lightning_sweeps")


class ArtifactKeeping:
    """The part of Run that keeps files with versions."""

    _home: Home

    @property
    def project(self) -> str:
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        raise NotImplementedError

    @property
    def is_recording(self) -> bool:
        raise NotImplementedError

    @property
    def artifacts(self) -> ArtifactShelf:
        """The artifacts of this run's project in the home folder."""
        return ArtifactShelf(self._home, self.project)

    def note_artifact(self, version: Version, role: Literal["output", "input"], aliases: Sequence[str] = ()) -> None:
        """Record that this run has made a version of an artifact, or used it."""
        raise NotImplementedError

    def log_artifact(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        kind: str = "file",
        aliases: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        only: Sequence[Path] | None = None,
    ) -> Version | None:
        """Keep a file or a folder as a version of the artifact `name`; unchanged content stays the version it was.

        Returns at once after copying; the service sends it.

        Args:
            name: default: the file's or folder's name.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version besides `latest`.
            only: of a folder these files alone.

        Returns:
            the version; None on a rank that does not record. Where another machine has given its number to other
            files, the server numbers it anew.

        Raises:
            UsageError: a name cannot be used, or there is no such file.
            OSError: it cannot be read or kept.
        """
        if not self.is_recording:
            return None
        named = name or Path(path).resolve().name
        version = self.artifacts.add(Path(path), name=named, kind=kind, aliases=aliases, metadata=metadata, only=only)
        self.note_artifact(version, "output", aliases)
        return version

    def use_artifact(self, artifact: str, kind: str | None = None) -> Version:
        """Note that this run uses an artifact, and return the version that `name:alias` names now.

        The server is asked, if there is one, for what other machines have made; what it does not know yet, or if it
        does not answer within seconds, is what this home has.

        Raises:
            NotFound: there is none, saying which there are.
            UsageError: it is of another kind, or the name cannot be one.
        """
        version = self.find_artifact(artifact)
        if kind is not None and version.kind != kind:
            raise UsageError(f"the artifact `{artifact}` is a `{version.kind}`, not a `{kind}`")
        self.note_artifact(version, "input")
        return version

    def download_artifact(
        self, artifact: str, folder: str | Path | None = None, kind: str | None = None, *, use: bool = True
    ) -> Path:
        """Write the files of an artifact into `folder` (default: a folder of the run) and return that folder.

        Args:
            use: note that this run uses it.

        Raises:
            NotFound, UsageError: as for `use_artifact`.
            ServerError: a file is not here, and the server does not give it.
            OSError: the files cannot be written.
        """
        version = self.use_artifact(artifact, kind) if use else self.find_artifact(artifact)
        default = self.folder / "artifacts" / f"{version.name}-v{version.number}"
        lacking = [file.digest for file in version.files if not self._home.blob(file.digest).exists()]
        if lacking:
            _exchange().download_blobs(self._settings(), self._home, lacking)
        return self.artifacts.fetch(version, Path(folder) if folder is not None else default)

    def find_artifact(self, reference: str) -> Version:
        """Return the version that `name`, `name:latest`, `name:best` or `name:v3` names, without noting its use.

        Raises:
            NotFound, UsageError: as for `use_artifact`.
        """
        name, _, wanted = reference.partition(":")
        checked_name(name, what="artifact")
        there = self._on_server(name)
        try:
            here = self.artifacts.find(reference)
        except NotFound:
            if there is None:
                raise
            here = None
        found = [one for one in there or [] if wanted_by(one, wanted or LATEST)]
        if here is not None and (not found or here.digest not in {one.digest for one in there or []}):
            return here  # it is newer than what the server knows
        if not found:
            known = ", ".join(f"v{one.version}" for one in there or []) or "none"
            raise NotFound(
                f"the project `{self.project}` has no artifact `{reference}`",
                hint=f"versions of `{name}` on the server: {known}",
            )
        return self._from_server(found[0])

    def _on_server(self, name: str) -> list[OnServer] | None:
        if self._settings().mode != "online":
            return None
        try:
            found: list[OnServer] | None = _exchange().versions(self._settings(), self.project, name)
        except ServerError as error:
            logger.warning("the server is not asked for `%s`, what this home has is taken: %s", name, error)
            return None
        return found

    def _from_server(self, found: OnServer) -> Version:
        listed = _exchange().files(self._settings(), found.id)
        files = [ArtifactFileRecord(file.path, file.digest, file.size_bytes) for file in listed]
        return Version(found.name, found.kind, found.version, found.digest, files, found.metadata)

    def _settings(self) -> Settings:
        return replace(read_settings(), home=self._home.root)


def wanted_by(one: OnServer, wanted: str) -> bool:
    """Return whether `wanted` names this version: `v3`, or one of its aliases."""
    return wanted == f"v{one.version}" or wanted in one.aliases


def _exchange() -> Any:
    """Return the part that talks to the server, loaded when first needed: no training waits for an HTTP client."""
    return importlib.import_module("lightning_sweeps.client.download_blobs")
