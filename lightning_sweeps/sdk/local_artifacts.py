"""Stores artifacts in the home folder: named sets of files with versions and aliases.

A version is one small file that lists paths and digests; the files themselves are blobs. The same content is the same
version. `latest` is always the newest version; any other alias names the version that received it last.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps.core.names import checked_name
from lightning_sweeps.core.paths import PRIVATE_FILE, Home, inside, make_private_folder, write_whole
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal.records import ArtifactFileRecord
from lightning_sweeps.sdk.blobs import put_file

LATEST = "latest"
MAX_FILES = 100_000
_VERSION = re.compile(r"v(\d{1,9})")


class ArtifactVersion(msgspec.Struct, frozen=True):
    """One version of an artifact, as its file in the home folder stores it.

    Attributes:
        name: the name of the artifact.
        kind: what it is, for example `dataset` or `model`.
        number: the version number, from 0.
        digest: the SHA-256 over the list of files, in hex.
        files: paths inside the artifact with digest and size.
        metadata: values that were stored with the version.
    """

    name: str
    kind: str
    number: int
    digest: str
    files: list[ArtifactFileRecord]
    metadata: dict[str, Any] = {}

    @property
    def full_name(self) -> str:
        """Name and version, for example `classifier:v3`."""
        return f"{self.name}:v{self.number}"

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class LocalArtifacts:
    """The artifacts of one project in one home folder. Several processes may add versions: a lock file orders them."""

    home: Home
    project: str

    def add(
        self,
        source: Path,
        *,
        name: str,
        kind: str,
        aliases: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        only: Sequence[Path] | None = None,
    ) -> ArtifactVersion:
        """Store a file or a folder as the newest version of `name`. Unchanged content gets no new version.

        Args:
            source: the file or folder.
            name: the name of the artifact.
            kind: what it is, for example `dataset` or `model`.
            aliases: names for this version.
            metadata: values stored with the version.
            only: files of the folder to store. Default: all of them.

        Raises:
            UsageError: the name or an alias is not allowed, the source does not exist, or it has too many files.
            OSError: a file cannot be read or stored.
        """
        checked_name(name, what="artifact")
        for alias in aliases:
            _check_alias(alias)
        stored = [(path, put_file(self.home, path)) for path in _list_files(source, only)]
        root = source if source.is_dir() else source.parent
        files = [
            ArtifactFileRecord(path.relative_to(root).as_posix(), blob.digest, blob.size_bytes) for path, blob in stored
        ]
        digest = hashlib.sha256(msgspec.json.encode(files)).hexdigest()
        with self._locked(name):
            newest = self._newest(name)
            if newest is not None and newest.digest == digest and newest.kind == kind:
                version = newest
            else:
                number = newest.number + 1 if newest is not None else 0
                version = ArtifactVersion(name, kind, number, digest, files, dict(metadata or {}))
                write_whole(self._path(name, number), msgspec.json.encode(version))
            self._set_aliases(name, version.number, aliases)
        return version

    def find(self, reference: str) -> ArtifactVersion:
        """Return a version.

        Args:
            reference: `name`, `name:latest`, `name:best` (an alias) or `name:v3` (a version).

        Raises:
            UsageError: the name is not allowed.
            NotFound: there is no such version. The message lists the versions.
        """
        name, _, wanted = reference.partition(":")
        checked_name(name, what="artifact")
        number = self._number_of(name, wanted or LATEST)
        if number is None:
            known = ", ".join(sorted(f"`{path.name}`" for path in self._root.glob("*"))) or "none"
            versions = ", ".join(self._names_of(name)) or "none"
            raise NotFound(
                f"the project `{self.project}` has no artifact `{reference}`",
                hint=f"artifacts in this home folder: {known}; versions of `{name}`: {versions}",
            )
        return msgspec.json.decode(self._path(name, number).read_bytes(), type=ArtifactVersion)

    def copy_to(self, version: ArtifactVersion, folder: Path) -> Path:
        """Write the files of a version into `folder` and return it.

        Raises:
            UsageError: the version contains a path that leads out of `folder`.
            OSError: a file is missing in the home folder, or cannot be written.
        """
        for file in version.files:
            target = folder / inside(file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.home.blob(file.digest), target)
        return folder

    @property
    def _root(self) -> Path:
        return self.home.artifacts(self.project)

    def _path(self, name: str, number: int) -> Path:
        return self._root / name / f"v{number}.json"

    def _newest(self, name: str) -> ArtifactVersion | None:
        numbers = self._numbers(name)
        return (
            msgspec.json.decode(self._path(name, max(numbers)).read_bytes(), type=ArtifactVersion) if numbers else None
        )

    def _numbers(self, name: str) -> list[int]:
        found = (_VERSION.fullmatch(path.stem) for path in (self._root / name).glob("v*.json"))
        return [int(match.group(1)) for match in found if match]

    def _number_of(self, name: str, wanted: str) -> int | None:
        numbers = self._numbers(name)
        if wanted == LATEST:
            return max(numbers, default=None)
        match = _VERSION.fullmatch(wanted)
        number = int(match.group(1)) if match else self._aliases(name).get(wanted)
        return number if number in numbers else None

    def _names_of(self, name: str) -> list[str]:
        return [*(f"v{number}" for number in sorted(self._numbers(name))), *self._aliases(name)]

    def _aliases(self, name: str) -> dict[str, int]:
        try:
            return msgspec.json.decode((self._root / name / "aliases.json").read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}

    def _set_aliases(self, name: str, number: int, aliases: Sequence[str]) -> None:
        wanted = {alias: number for alias in aliases if alias != LATEST}
        if wanted:
            write_whole(self._root / name / "aliases.json", msgspec.json.encode({**self._aliases(name), **wanted}))

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        folder = self._root / name
        make_private_folder(folder)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # short: it covers a few small files and no collective
            yield
        finally:
            os.close(descriptor)


def _list_files(source: Path, only: Sequence[Path] | None) -> list[Path]:
    if not source.exists():
        raise UsageError(f"there is no file or folder `{source}` to store as an artifact")
    if not source.is_dir():
        return [source]
    files = sorted(path for path in (only if only is not None else source.rglob("*")) if path.is_file())
    if len(files) > MAX_FILES:
        raise UsageError(f"`{source}` has {len(files)} files, allowed: {MAX_FILES}", hint="pack them into archives")
    return files


def _check_alias(alias: str) -> None:
    checked_name(alias, what="alias")
    if _VERSION.fullmatch(alias) or ":" in alias:
        raise UsageError(f"the alias `{alias}` looks like a version, allowed: names such as `best`")
