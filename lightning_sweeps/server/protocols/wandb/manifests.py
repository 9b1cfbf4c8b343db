"""Translates between the manifest of a W&B artifact and the files of ours. Pure functions.

A manifest lists files by path, each with its MD5 in base 64, and references: files elsewhere, of which only the address
is known. Ours have files only, so the references of an artifact become one file of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import ArtifactFile

REFERENCES_FILE = ".wandb-references.json"
"""The file of an artifact that lists its references."""
MANIFEST_FILE = "wandb_manifest.json"
MAX_FILES = 100_000
MAX_NAME_LENGTH = 512
"""Of the name of an artifact."""
_DIGEST_HEAD = b"wandb-artifact-manifest-v1\n"

Entries: TypeAlias = dict[str, dict[str, Any]]
"""The files and references of a manifest, by path."""


def parse(body: bytes) -> Entries:
    """Return the entries of a manifest.

    Raises:
        UsageError: it is not a manifest.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"the manifest of the artifact is not JSON ({error})") from None
    entries = found.get("contents") if isinstance(found, dict) else None
    if not isinstance(entries, dict) or not all(_is_entry(one) for one in entries.values()):
        raise UsageError("the manifest of the artifact has no map `contents` of files with their digests")
    if len(entries) > MAX_FILES:
        raise UsageError(f"the artifact has {len(entries)} files, allowed: {MAX_FILES}")
    for path in entries:
        check_path(path)
    return entries


def check_path(path: str) -> None:
    """Check the path of a file in an artifact.

    Raises:
        UsageError: it leaves the artifact, or it is the path of our list of references.
    """
    is_inside = path and not path.startswith("/") and ".." not in path.split("/") and path.isprintable()
    if not is_inside or path == REFERENCES_FILE:
        raise UsageError(
            f"a file of the artifact has the path `{path[:200]}`,"
            f" allowed: a relative path without `..`, other than `{REFERENCES_FILE}`"
        )


def document(entries: Entries) -> bytes:
    """Return the manifest with these entries, as clients read it."""
    return msgspec.json.encode(
        {
            "version": 1,
            "storagePolicy": "wandb-storage-policy-v1",
            "storagePolicyConfig": {"storageLayout": "V2"},
            "contents": entries,
        }
    )


def digest_of(entries: Entries) -> str:
    """Return the digest of an artifact, as clients compute it: over the paths and digests of its entries."""
    digest = hashlib.md5(_DIGEST_HEAD, usedforsecurity=False)
    for path, entry in sorted(entries.items()):
        digest.update(f"{path}:{entry['digest']}\n".encode())
    return digest.hexdigest()


def references_of(entries: Entries) -> Entries:
    """Return the entries that are references."""
    return {path: entry for path, entry in entries.items() if is_reference(entry)}


def is_reference(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry of a manifest is a reference."""
    return bool(entry.get("ref"))


def entries_of(
    artifact_id: str, files: Iterable[ArtifactFile], md5s: Mapping[str, str], references: Entries
) -> Entries:
    """Return the entries of one of our versions.

    Args:
        artifact_id: the version.
        files: its files.
        md5s: the MD5 of their contents, by digest, in hexadecimal form.
        references: the references in its file of references.
    """
    entries: Entries = {
        one.path: {"digest": in_base64(md5s[one.digest]), "birthArtifactID": artifact_id, "size": one.size_bytes}
        for one in files
        if one.path != REFERENCES_FILE
    }
    return entries | references


def in_base64(md5: str) -> str:
    """Return a hexadecimal MD5 as manifests have it."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def in_hexadecimal(digest: str) -> str:
    """Return the hexadecimal MD5 of a digest in a manifest.

    Raises:
        UsageError: it is not an MD5 in base 64.
    """
    try:
        found = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != hashlib.md5(usedforsecurity=False).digest_size:
        raise UsageError(f"the digest of a file is `{digest[:80]}`, allowed: an MD5 in base 64")
    return found.hex()


def _is_entry(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("digest"), str)
