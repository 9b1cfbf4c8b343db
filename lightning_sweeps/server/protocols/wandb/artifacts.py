"""Describes artifacts for clients: versions, the collections that they are versions of, types, and their files."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import Artifact, ArtifactFile
from lightning_sweeps.server.protocols.file_types import mime_type
from lightning_sweeps.server.protocols.wandb import downloads, manifests, paging, rows, runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.downloads import file_address
from lightning_sweeps.server.protocols.wandb.paging import Page
from lightning_sweeps.server.protocols.wandb.rows import moment
from lightning_sweeps.server.protocols.wandb.runs import Described
from lightning_sweeps.store.blobs import artifacts as versions
from lightning_sweeps.store.blobs import drafts
from lightning_sweeps.store.project_access import check_access

DESCRIPTION = "description"
"""The key of the metadata that holds the description: our versions have none."""
_NUMBER = re.compile(r"v(\d{1,9})", re.ASCII)


def require_artifact(caller: Caller, artifact_id: str) -> Artifact:
    """Return a version by its id, or by that of the draft that became it.

    Raises:
        NotFound: there is none, or the API key is limited to other projects.
    """
    with caller.store.read() as connection:
        if artifact_id.startswith(drafts.ID_PREFIX):
            draft = drafts.get(connection, artifact_id)
            if draft.artifact_id is None:
                raise NotFound(f"the artifact `{draft.given['name'][:80]}` is not complete", hint="wait for its upload")
            artifact_id = draft.artifact_id
        check_access(connection, caller.sender.projects, "artifact", artifact_id)
        return versions.get_artifact(connection, artifact_id)


def find_artifact(caller: Caller, of_project: str, name: str) -> Artifact | None:
    """Return the version that clients call `name:v3`, `name:alias` or `name`, or None."""
    named, _, alias = name.partition(":")
    number = _NUMBER.fullmatch(alias)
    with caller.store.read() as connection:
        if number is not None:
            return versions.find_artifact(connection, of_project, named, version=int(number[1]))
        return versions.find_artifact(connection, of_project, named, alias=alias or versions.LATEST)


def metadata_of(text: str | None, description: str | None) -> dict[str, Any]:
    """Return the metadata of a version, with its description.

    Raises:
        UsageError: it is not a map in JSON.
    """
    try:
        found = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"the metadata of the artifact is not JSON ({error})") from None
    if found is None:
        found = {}
    if not isinstance(found, dict):
        raise UsageError(f"the metadata of the artifact is of type `{type(found).__name__}`, allowed: a map")
    values: dict[str, Any] = rows.finite_or_number(found)
    return values | ({DESCRIPTION: description} if description else {})


def artifact(_: object, caller: Caller, *, id: str) -> Described:  # noqa: A002  its name in requests
    """Return a version by its id.

    Raises:
        NotFound: there is none.
    """
    return describe(caller, require_artifact(caller, id))


def project_artifact(of_project: Described, caller: Caller, *, name: str, **_: object) -> Described | None:
    """Return a version of a project by its name, or None."""
    found = find_artifact(caller, of_project["name"], name)
    return None if found is None else describe(caller, found)


def membership(of_project: Described, caller: Caller, *, name: str) -> Described | None:
    """Return a version as a member of its collection, or None."""
    found = find_artifact(caller, of_project["name"], name)
    return None if found is None else describe_membership(caller, found)


def artifact_type(of_project: Described, caller: Caller, *, name: str) -> Described | None:
    """Return a type of artifacts of a project, or None if it has no artifact of this type."""
    return next((one for one in _types(caller, of_project["name"]) if one["name"] == name), None)


def artifact_types(
    of_project: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the types of the artifacts of a project."""
    return paging.page_of(_types(caller, of_project["name"]), _as_it_is, first=first, after=after)


def project_collection(of_project: Described, caller: Caller, *, name: str) -> Described | None:
    """Return a collection of a project, or None. A version's name may follow `:`."""
    named = name.partition(":")[0]
    return next((one for one in _collections(caller, of_project["name"], None) if one["name"] == named), None)


def project_collections(
    of_project: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the collections of a project."""
    return paging.page_of(_collections(caller, of_project["name"], None), _as_it_is, first=first, after=after)


def typed_collection(of_type: Described, caller: Caller, *, name: str) -> Described | None:
    """Return a collection of a type, or None."""
    known = _collections(caller, of_type["inProject"], of_type["name"])
    return next((one for one in known if one["name"] == name), None)


def typed_collections(
    of_type: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the collections of a type."""
    known = _collections(caller, of_type["inProject"], of_type["name"])
    return paging.page_of(known, _as_it_is, first=first, after=after)


def collection_by_id(_: object, caller: Caller, *, id: str) -> Described | None:  # noqa: A002  its name in requests
    """Return a collection by its id, or None."""
    of_project, _, name = id.partition("/")
    caller.project(None, of_project)
    return next((one for one in _collections(caller, of_project, None) if one["name"] == name), None)


def collection_artifacts(
    of_collection: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the versions of a collection, newest first."""
    known = _versions(caller, of_collection)
    page = paging.page_of(known, lambda one: describe(caller, one), first=first, after=after)
    for edge in page["edges"]:
        edge["version"] = f"v{edge['node']['versionIndex']}"
    return page


def collection_aliases(
    of_collection: Described, caller: Caller, *, first: int | None = None, after: str | None = None, **_: object
) -> Page:
    """Return the aliases that versions of a collection have."""
    known = [alias for one in _versions(caller, of_collection) for alias in one.aliases]
    return paging.page_of(known, _describe_alias, first=first, after=after)


def collection_membership(of_collection: Described, caller: Caller, *, alias_name: str) -> Described | None:
    """Return the version of a collection with an alias, or None."""
    found = find_artifact(caller, of_collection["inProject"], f"{of_collection['name']}:{alias_name}")
    return None if found is None else describe_membership(caller, found)


def files(
    of_version: Described,
    caller: Caller,
    *,
    names: list[str] | None = None,
    first: int | None = None,
    after: str | None = None,
    **_: object,
) -> Page:
    """Return the files of a version and its references, each with the address for its download."""
    found: Artifact = of_version["version"]
    with caller.store.read() as connection:
        stored = {one.path: one for one in versions.list_files(connection, found.id)}
    entries = downloads.entries_of(caller.store, caller.contents, found)
    paths = [path for path in sorted(entries) if names is None or path in names]
    return paging.page_of(
        paths, lambda path: _describe_file(caller, path, entries[path], stored.get(path)), first=first, after=after
    )


def files_by_entries(of_version: Described, caller: Caller, *, entries: list[dict[str, Any]], **_: object) -> Page:
    """Return files of a version that a client names by the entries of its manifest."""
    named = [one["name"] for one in entries]
    return files(of_version, caller, names=named, first=paging.MAX_SIZE)


def describe(caller: Caller, found: Artifact) -> Described:
    """Return a version as clients read it."""
    collection = describe_collection(caller, found.name, found.project)
    metadata = {key: value for key, value in found.metadata.items() if key != DESCRIPTION}

    def used_by(*_: object, **__: object) -> Page:
        return paging.page_of(_runs_of(caller, found, "input"), _as_it_is, first=paging.MAX_SIZE, after=None)

    def created_by(*_: object, **__: object) -> Described | None:
        made = _runs_of(caller, found, "output")
        return made[0] | {"__typename": "Run"} if made else None

    return {
        "id": found.id,
        "version": found,
        "artifactSequence": collection,
        "versionIndex": found.version,
        "artifactType": _describe_type(found.kind, found.project, found.created),
        "description": found.metadata.get(DESCRIPTION),
        "metadata": msgspec.json.encode(metadata).decode(),
        "ttlDurationSeconds": 0,
        "ttlIsInherited": True,
        "tags": [],
        "historyStep": None,
        "state": "COMMITTED",
        "size": found.size_bytes,
        "digest": found.digest,
        "digestAlgorithm": "MANIFEST_MD5",
        "commitHash": found.id,
        "fileCount": lambda *_, **__: len(downloads.entries_of(caller.store, caller.contents, found)),
        "createdAt": moment(found.created),
        "updatedAt": moment(found.created),
        "aliases": [_describe_alias(alias) | {"artifactCollection": collection} for alias in found.aliases],
        "currentManifest": lambda *_, **__: _describe_manifest(caller, found),
        "usedBy": used_by,
        "createdBy": created_by,
        "artifactMemberships": lambda *_, **__: paging.page_of(
            [describe_membership(caller, found)], _as_it_is, first=1, after=None
        ),
    }


def describe_membership(caller: Caller, found: Artifact) -> Described:
    """Return a version as a member of its collection."""
    return {
        "id": f"{found.id}/member",
        "version": found,
        "versionIndex": found.version,
        "createdAt": moment(found.created),
        "aliases": [_describe_alias(alias) for alias in found.aliases],
        "artifactCollection": describe_collection(caller, found.name, found.project),
        "artifact": lambda *_, **__: describe(caller, found),
    }


def describe_collection(
    caller: Caller, name: str, of_project: str, *, kind: str = "", created: float = 0.0
) -> Described:
    """Return a collection as clients read it: the versions of one name."""
    return {
        "__typename": "ArtifactSequence",
        "id": f"{of_project}/{name}",
        "name": name,
        "inProject": of_project,
        "description": None,
        "state": "READY",
        "createdAt": moment(created),
        "updatedAt": moment(created),
        "project": runs.describe_project(caller, of_project),
        "defaultArtifactType": _describe_type(kind, of_project, created),
        "digestAlgorithm": "MANIFEST_MD5",
        "tags": {"edges": []},
    }


def _types(caller: Caller, of_project: str) -> list[Described]:
    first: dict[str, float] = {}
    with caller.store.read() as connection:
        for one in versions.list_artifacts(connection, project=of_project):
            first[one.kind] = min(first.get(one.kind, one.created), one.created)
    return [_describe_type(kind, of_project, created) for kind, created in sorted(first.items())]


def _collections(caller: Caller, of_project: str, kind: str | None) -> list[Described]:
    first: dict[str, Artifact] = {}
    with caller.store.read() as connection:
        for one in versions.list_artifacts(connection, project=of_project, kind=kind):
            first[one.name] = one  # the last one is the oldest
    return [
        describe_collection(caller, name, of_project, kind=one.kind, created=one.created)
        for name, one in sorted(first.items())
    ]


def _versions(caller: Caller, of_collection: Described) -> list[Artifact]:
    with caller.store.read() as connection:
        return versions.list_artifacts(connection, project=of_collection["inProject"], name=of_collection["name"])


def _runs_of(caller: Caller, found: Artifact, role: str) -> list[Described]:
    with caller.store.read() as connection:
        ids = versions.list_runs(connection, found.id, role=role)
    known = [runs.find_run(caller, found.project, one) for one in ids]
    of_project = runs.describe_project(caller, found.project)
    return [runs.describe_run(caller, one, of_project) for one in known if one is not None]


def _describe_type(kind: str, of_project: str, created: float) -> Described:
    return {
        "id": f"{of_project}/{kind}",
        "name": kind,
        "inProject": of_project,
        "description": None,
        "createdAt": moment(created),
    }


def _describe_alias(alias: str) -> Described:
    return {"id": alias, "alias": alias}


def _describe_manifest(caller: Caller, found: Artifact) -> Described:
    place = downloads.address(caller, found.id, manifests.MANIFEST_FILE)
    return {"id": found.id, "file": {"id": found.id, "directUrl": place}}


def _describe_file(caller: Caller, path: str, entry: dict[str, Any], file: ArtifactFile | None) -> Described:
    place = entry["ref"] if manifests.is_reference(entry) else file_address(caller, file) if file else None
    return {
        "id": path,
        "name": path,
        "displayName": path,
        "url": place,
        "directUrl": place,
        "sizeBytes": entry.get("size"),
        "storagePath": path,
        "mimetype": mime_type(path),
        "updatedAt": None,
        "digest": entry["digest"],
        "md5": entry["digest"],
    }


def _as_it_is(one: Any) -> Any:
    return one
