"""Artifacts: named sets of files with versions and aliases, kept content-addressed in the home folder.

A version is one small file that lists paths and digests. The same content twice is the same version. `latest` is
always the newest version; other aliases move to the version that was given them last.
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

from lightning_sweeps.core.paths import PRIVATE_FILE, Home, inside, make_private_folder, write_whole
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal.records import ArtifactFileRecord
from lightning_sweeps.sdk.blobs import put_file
from lightning_sweeps.sdk.names import checked_name

LATEST = "latest"
MAX_FILES = 100_000
_VERSION = re.compile(r"v(\d{1,9})")


class Version(msgspec.Struct, frozen=True):
    """One version of an artifact, as its file in the home folder tells it."""

    name: str
    kind: str
    number: int
    digest: str
    files: list[ArtifactFileRecord]
    metadata: dict[str, Any] = {}

    @property
    def full_name(self) -> str:
        return f"{self.name}:v{self.number}"

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class ArtifactShelf:
    """The artifacts of one project in one home folder. Processes may add at once: a lock file orders them."""

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
    ) -> Version:
        """Keep a file or a whole folder as the newest version of `name`; unchanged content stays the version it was.

        Args:
            only: of a folder these files alone.

        Raises:
            UsageError: the name or an alias cannot be used, there is no such file, or there are too many.
            OSError: it cannot be read, or not be kept.
        """
        checked_name(name, what="artifact")
        for alias in aliases:
            _checked_alias(alias)
        found = [(path, put_file(self.home, path)) for path in _files_of(source, only)]
        root = source if source.is_dir() else source.parent
        files = [
            ArtifactFileRecord(path.relative_to(root).as_posix(), blob.digest, blob.size_bytes) for path, blob in found
        ]
        digest = hashlib.sha256(msgspec.json.encode(files)).hexdigest()
        with self._locked(name):
            known = self._newest(name)
            if known is not None and known.digest == digest and known.kind == kind:
                version = known
            else:
                number = known.number + 1 if known is not None else 0
                version = Version(name, kind, number, digest, files, dict(metadata or {}))
                write_whole(self._path(name, number), msgspec.json.encode(version))
            self._set_aliases(name, version.number, aliases)
        return version

    def find(self, reference: str) -> Version:
        """Return the version that `name`, `name:latest`, `name:best` or `name:v3` names.

        Raises:
            UsageError: the name cannot be one.
            NotFound: there is none, saying which there are.
        """
        name, _, wanted = reference.partition(":")
        checked_name(name, what="artifact")
        number = self._number_of(name, wanted or LATEST)
        if number is None:
            known = ", ".join(sorted(f"`{path.name}`" for path in self._root.glob("*"))) or "none yet"
            raise NotFound(
                f"the project `{self.project}` has no artifact `{reference}`",
                hint=f"artifacts here: {known}; of `{name}`: {', '.join(self._names_of(name)) or 'no version'}",
            )
        return msgspec.json.decode(self._path(name, number).read_bytes(), type=Version)

    def fetch(self, version: Version, folder: Path) -> Path:
        """Write the files of a version into `folder` and return it.

        Raises:
            UsageError: the version names a path that leads out of `folder`.
            OSError: a file is gone from the home folder, or cannot be written.
        """
        for file in version.files:
            target = folder / inside(file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.home.blob(file.digest), target)
        return folder

    # inside

    @property
    def _root(self) -> Path:
        return self.home.artifacts(self.project)

    def _path(self, name: str, number: int) -> Path:
        return self._root / name / f"v{number}.json"

    def _newest(self, name: str) -> Version | None:
        numbers = self._numbers(name)
        return msgspec.json.decode(self._path(name, max(numbers)).read_bytes(), type=Version) if numbers else None

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
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # held for a few small files; no rank waits for a collective in it
            yield
        finally:
            os.close(descriptor)


def _files_of(source: Path, only: Sequence[Path] | None) -> list[Path]:
    if not source.exists():
        raise UsageError(f"there is no file or folder `{source}` to keep as an artifact")
    if not source.is_dir():
        return [source]
    files = sorted(path for path in (only if only is not None else source.rglob("*")) if path.is_file())
    if len(files) > MAX_FILES:
        raise UsageError(f"`{source}` holds {len(files)} files, allowed: {MAX_FILES}", hint="pack them into archives")
    return files


def _checked_alias(alias: str) -> None:
    checked_name(alias, what="alias")
    if _VERSION.fullmatch(alias) or ":" in alias:
        raise UsageError(f"the alias `{alias}` reads as a version, allowed: names such as `best`")
