"""Media files, artifacts, and blobs (their contents)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """A logged media file: an image, audio, a video, a table.

    Attributes:
        id: Increases with each file, so that a client can ask for the files after the last one it has.
        key: Key that the file was logged with.
        step: Step that it was logged at.
        time: When it was logged.
        rank: Rank that logged it.
        digest: SHA-256 of the content. `GET /api/blobs/{digest}` returns the content.
        size_bytes: Size of the content.
        mime: MIME type.
        caption: Caption; may be empty.
        index: Position among the files of the same key and step.
        is_stored: Whether the server has the content. It is uploaded after the row.
    """

    id: int
    key: str
    step: int
    time: float
    rank: int
    digest: str
    size_bytes: int
    mime: str
    caption: str
    index: int
    is_stored: bool


@dataclass(frozen=True, slots=True)
class MediaKey:
    """A key that a run used for media files.

    Attributes:
        key: The key.
        mime: MIME type of the newest file.
        count: Number of files.
        first_step: Smallest step.
        last_step: Largest step.
    """

    key: str
    mime: str
    count: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file of an artifact.

    Attributes:
        path: Path within the artifact, with `/` between folders.
        digest: SHA-256 of the content.
        size_bytes: Size of the content.
        is_stored: Whether the server has the content.
    """

    path: str
    digest: str
    size_bytes: int
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """One version of a named set of files in a project.

    Attributes:
        id: Id of the version.
        project: Name of the project.
        name: Name of the artifact.
        version: Number of the version, from 0.
        kind: Kind of the artifact, for example `model`.
        digest: Digest of all its files.
        size_bytes: Size of all its files.
        metadata: What the run attached to it.
        aliases: Aliases of the version. The newest version has the alias `latest`.
        created: When it was created.
        run: Id of the run that created it; None if the server does not know the run.
        is_stored: Whether the server has the contents of all its files.
    """

    id: str
    project: str
    name: str
    version: int
    kind: str
    digest: str
    size_bytes: int
    metadata: dict[str, Any]
    aliases: list[str]
    created: float
    run: str | None
    is_stored: bool


@dataclass(frozen=True, slots=True)
class ArtifactUse:
    """The use of an artifact by a run.

    Attributes:
        role: `output` if the run created the artifact, `input` if it used it.
        time: When the run created or used it.
        artifact: The artifact version.
    """

    role: Literal["output", "input"]
    time: float
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class AliasChange:
    """New aliases of an artifact version. Each alias moves from the version that had it."""

    aliases: list[str]


@dataclass(frozen=True, slots=True)
class BlobState:
    """How much of a blob the server has.

    Attributes:
        digest: SHA-256 of the blob.
        size_bytes: Size of the whole blob.
        offset: Number of bytes that the server has.
        is_stored: Whether the server has the whole blob and has checked its digest.
    """

    digest: str
    size_bytes: int
    offset: int
    is_stored: bool = False
