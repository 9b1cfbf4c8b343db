"""Logged files, artifacts, and their contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """A logged file: an image, a sound, a table. Several of one key and step are told apart by `index`."""

    id: int
    """Grows; a reader asks for what came after the last one it has."""
    key: str
    step: int
    time: float
    rank: int
    digest: str
    """SHA-256 of its content, which `GET /api/blobs/{digest}` gives."""
    size_bytes: int
    mime: str
    caption: str
    index: int
    is_stored: bool
    """Whether the server has the content; it follows the row, from the machine that logged it."""


@dataclass(frozen=True, slots=True)
class MediaKey:
    """A key under which a run has logged files, in numbers."""

    key: str
    mime: str
    """That of the newest."""
    count: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an artifact: its place in it, with `/` between folders, and its content."""

    path: str
    digest: str
    size_bytes: int
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """One version of a named set of files in a project. `aliases` holds `latest` where it is the newest."""

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
    """The run that made it; None where its row is not known here."""
    is_stored: bool
    """Whether the server has the contents of all its files."""


@dataclass(frozen=True, slots=True)
class ArtifactUse:
    """A run has made an artifact (`output`) or used it (`input`)."""

    role: Literal["output", "input"]
    time: float
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class AliasChange:
    """Aliases for a version of an artifact; each is taken from the version that had it."""

    aliases: list[str]


@dataclass(frozen=True, slots=True)
class BlobState:
    """How much of a content the server has: `offset` bytes of it, all where `is_stored`."""

    digest: str
    size_bytes: int
    offset: int
    is_stored: bool = False
