"""Takes the artifacts that clients log: a draft, its files, its list of files, and then the version.

A draft becomes a version like one of our own: a record of the run that made it. A version with the same files exists
only once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.journal.records import ArtifactFileRecord
from lightning_sweeps.messages import Artifact
from lightning_sweeps.server.protocols import spooling
from lightning_sweeps.server.protocols.spooling import Spooled
from lightning_sweeps.server.protocols.wandb import artifacts, downloads, manifests, run_journals, runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.runs import Described
from lightning_sweeps.store import clock
from lightning_sweeps.store.blobs import artifacts as versions
from lightning_sweeps.store.blobs import blob_table, drafts
from lightning_sweeps.store.blobs.drafts import Draft

UPLOAD_PATH = "/wandb/artifacts"
MAX_FILES_AT_ONCE = 10_000
PATCH, INCREMENTAL = "PATCH", "INCREMENTAL"
"""Manifests that add to the ones before them, and to those of another version."""


def create_artifact(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Begin an artifact, or find the version that has the same files."""
    caller.check_writes()
    of_project = caller.project(input.get("entity_name"), input.get("project_name"))
    given = _what_is_given(input, of_project)
    client_id = input.get("distributed_id") or input.get("client_id") or ""
    if given["run"]:
        runs.require_run(caller, of_project, given["run"])
    with caller.store.write() as connection:
        draft = drafts.find_by_client_id(connection, client_id) if client_id else None
        if draft is None or draft.given["project"] != of_project or draft.given["name"] != given["name"]:
            same = None
            if input.get("enable_digest_deduplication"):
                place = {"kind": given["kind"], "digest": given["digest"]}
                same = versions.find_same(connection, of_project, given["name"], **place)
            same_id = same.id if same is not None and same.is_stored else None
            now = clock.now(connection)
            draft = drafts.create(connection, given, client_id=client_id, now=now, artifact_id=same_id)
        latest = versions.find_artifact(connection, of_project, given["name"])
    if draft.artifact_id is not None and given["run"]:
        _note_output(caller, draft, [])
    described = {
        "id": draft.id,
        "state": "PENDING" if draft.artifact_id is None else "COMMITTED",
        "artifactSequence": artifacts.describe_collection(caller, given["name"], of_project)
        | {"latestArtifact": None if latest is None else {"id": latest.id}},
    }
    return {"artifact": described}


def create_artifact_manifest(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Return where the client uploads the list of an artifact's files."""
    caller.check_writes()
    draft = find_draft(caller, input["artifact_id"])
    kind, base = input.get("type") or "FULL", input.get("base_artifact_id") or ""
    return {"artifactManifest": _describe_manifest(caller, draft, f"{draft.id}:{kind}:{base}")}


def update_artifact_manifest(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Return where the client uploads the list of an artifact's files, after the files themselves."""
    caller.check_writes()
    draft_id, _, rest = input["artifact_manifest_id"].partition(":")
    draft = find_draft(caller, draft_id)
    kind, _, base = rest.partition(":")
    base = input.get("base_artifact_id") or base
    return {"artifactManifest": _describe_manifest(caller, draft, f"{draft.id}:{kind}:{base}")}


def create_artifact_files(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Return where the client uploads files. Those whose content the project has are not uploaded again.

    Raises:
        UsageError: there are too many at once, or a digest is not an MD5.
    """
    caller.check_writes()
    wanted = input["artifact_files"]
    if len(wanted) > MAX_FILES_AT_ONCE:
        raise UsageError(f"the request names {len(wanted)} files, allowed: {MAX_FILES_AT_ONCE}")
    found = {draft_id: find_draft(caller, draft_id) for draft_id in {one["artifact_id"] for one in wanted}}
    known = {
        draft.id: _keep_known(caller, draft, (one["md5"] for one in wanted if one["artifact_id"] == draft.id))
        for draft in found.values()
    }
    edges = []
    for one in wanted:
        draft = found[one["artifact_id"]]
        md5 = manifests.in_hexadecimal(one["md5"])
        place = None if md5 in known[draft.id] else f"{caller.address}{UPLOAD_PATH}/{draft.id}/files/{md5}"
        edges.append({"node": _describe_upload(caller, draft, one, md5, place), "cursor": None})
    return {"files": {"edges": edges}}


def commit_artifact(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Make a draft a version.

    Raises:
        NotFound: there is no such draft.
        UsageError: its files are not listed, or the content of one of them is missing.
        ServerRefused: the project's quota is used up.
    """
    caller.check_writes()
    draft = find_draft(caller, input["artifact_id"])
    if draft.artifact_id is None:
        version = _complete(caller, draft)
    else:
        with caller.store.read() as connection:
            version = versions.get_artifact(connection, draft.artifact_id)
    return {"artifact": {"id": draft.id, "digest": version.digest, "state": "COMMITTED"}}


def use_artifact(_: object, caller: Caller, *, input: dict[str, Any]) -> Described:  # noqa: A002  its name in requests
    """Record that a run uses a version. One of another project becomes a version of the run's project, too."""
    caller.check_writes()
    of_project = caller.project(input.get("entity_name"), input.get("project_name"))
    found = artifacts.require_artifact(caller, input["artifact_id"])
    known = runs.require_run(caller, of_project, input.get("run_name") or "")
    with caller.store.read() as connection:
        files = [] if found.project == of_project else versions.list_files(connection, found.id)
    record = records.ArtifactRecord(
        0,
        caller.store.now(),
        found.name,
        found.kind,
        found.version,
        found.digest,
        "input",
        metadata=found.metadata,
        files=[ArtifactFileRecord(one.path, one.digest, one.size_bytes) for one in files],
    )
    run_journals.store_notes(caller, runs.attempt_of(known), [record])
    return {"artifact": artifacts.describe(caller, found)}


def client_id_mapping(_: object, caller: Caller, *, client_id: str) -> Described | None:
    """Return the id of what a client has called an artifact, or None."""
    with caller.store.read() as connection:
        draft = drafts.find_by_client_id(connection, client_id)
    if draft is None:
        return None
    caller.project(None, draft.given["project"])
    return {"serverID": draft.id}


async def take_file(caller: Caller, draft_id: str, md5: str, body: AsyncIterator[bytes]) -> None:
    """Store the content of a file of a draft.

    Raises:
        NotFound: there is no such draft.
        UsageError: the content is another one.
        ServerRefused: it is too large.
    """
    caller.check_writes()
    draft = await run_in_threadpool(find_draft, caller, draft_id)
    with spooling.spool_file(caller) as file:
        spooled = await spooling.receive(caller, draft.given["project"], body, file)
        if spooled.md5 != md5:
            raise UsageError(
                f"the content has the MD5 `{spooled.md5}`, but the file was announced with `{md5[:80]}`",
                hint="the file changed while it was uploaded: log it again",
            )
        await run_in_threadpool(_store, caller, draft, spooled)


def take_manifest(caller: Caller, manifest_id: str, body: bytes) -> None:
    """Store the list of a draft's files.

    Raises:
        NotFound: there is no such draft.
        UsageError: it is not a list of files.
    """
    caller.check_writes()
    draft_id, _, rest = manifest_id.partition(":")
    kind, _, base = rest.partition(":")
    draft = find_draft(caller, draft_id)
    entries = manifests.parse(body)
    if kind == PATCH:
        entries = (draft.entries or {}) | entries
    elif kind == INCREMENTAL and base:
        entries = _entries_of(caller, base) | entries
    with caller.store.write() as connection:
        drafts.list_entries(connection, draft.id, entries)


def find_draft(caller: Caller, draft_id: str) -> Draft:
    """Return a draft.

    Raises:
        NotFound: there is none.
        Forbidden: the API key is limited to other projects.
    """
    with caller.store.read() as connection:
        found = drafts.get(connection, draft_id)
    caller.project(None, found.given["project"])
    return found


def _what_is_given(given: dict[str, Any], of_project: str) -> dict[str, Any]:
    """Return what a request says about an artifact.

    Raises:
        UsageError: it has no name, or its metadata is not a map.
    """
    name = given.get("artifact_collection_name") or next(iter(given.get("artifact_collection_names") or []), "")
    if not 0 < len(name) <= manifests.MAX_NAME_LENGTH or not name.isprintable():
        allowed = f"1 to {manifests.MAX_NAME_LENGTH} printable characters"
        raise UsageError(f"the artifact is named `{name[:80]}`, allowed: {allowed}")
    return {
        "project": of_project,
        "run": given.get("run_name") or "",
        "name": name,
        "kind": given.get("artifact_type_name") or "",
        "digest": given.get("digest") or "",
        "aliases": [one["alias"] for one in given.get("aliases") or []],
        "metadata": artifacts.metadata_of(given.get("metadata"), given.get("description")),
    }


def _entries_of(caller: Caller, artifact_id: str) -> manifests.Entries:
    return downloads.entries_of(caller.store, caller.contents, artifacts.require_artifact(caller, artifact_id))


def _describe_manifest(caller: Caller, draft: Draft, manifest_id: str) -> Described:
    place = f"{caller.address}{UPLOAD_PATH}/{draft.id}/manifests/{quote(manifest_id)}"
    headers = [f"Authorization:{caller.authorization}"]
    file = {"id": manifest_id, "uploadUrl": place, "uploadHeaders": headers, "directUrl": place}
    return {"id": manifest_id, "file": file}


def _describe_upload(caller: Caller, draft: Draft, wanted: dict[str, Any], md5: str, place: str | None) -> Described:
    return {
        "id": f"{draft.id}/{md5}",
        "name": wanted["name"],
        "displayName": wanted["name"],
        "uploadUrl": place,
        "uploadHeaders": [f"Authorization:{caller.authorization}"],
        "uploadMultipartUrls": None,
        "storagePath": md5,
        "artifact": {"id": draft.id},
    }


def _keep_known(caller: Caller, draft: Draft, digests: Iterable[str]) -> set[str]:
    """Keep the contents that the project has for a draft, and return their MD5."""
    md5s = {manifests.in_hexadecimal(one) for one in digests}
    with caller.store.write() as connection:
        known = blob_table.find_in_project(connection, draft.given["project"], md5s)
        for digest, _ in known.values():
            drafts.keep_blob(connection, draft.id, digest)
        return known.keys() | (drafts.kept_blobs(connection, draft.id).keys() & md5s)


def _store(caller: Caller, draft: Draft, spooled: Spooled) -> None:
    spooling.store(caller, spooled, also=lambda connection: drafts.keep_blob(connection, draft.id, spooled.digest))


def _complete(caller: Caller, draft: Draft) -> Artifact:
    """Make a draft a version, and return it."""
    entries = draft.entries
    if entries is None:
        raise UsageError("the files of the artifact are not listed", hint="log it again")
    given = draft.given | {"digest": manifests.digest_of(entries)}
    draft = Draft(draft.id, given, entries, None)
    files = _files_of(caller, draft, entries)
    spooling.check_quota(caller, given["project"], sum(one.size_bytes for one in files))
    _note_output(caller, draft, files)
    with caller.store.write() as connection:
        place = {"kind": given["kind"], "digest": given["digest"]}
        version = versions.find_same(connection, given["project"], given["name"], **place)
        if version is None:
            raise UsageError(
                f"the artifact `{given['name'][:80]}` cannot be stored", hint="`lightning-sweeps rejected`"
            )
        drafts.complete(connection, draft.id, version.id)
    return version


def _files_of(caller: Caller, draft: Draft, entries: manifests.Entries) -> list[ArtifactFileRecord]:
    """Return the files of a draft, with its references as one of them.

    Raises:
        UsageError: the content of a file is missing.
    """
    references = manifests.references_of(entries)
    wanted = {
        path: manifests.in_hexadecimal(entry["digest"]) for path, entry in entries.items() if path not in references
    }
    with caller.store.read() as connection:
        known = blob_table.find_in_project(connection, draft.given["project"], set(wanted.values()))
        known |= drafts.kept_blobs(connection, draft.id)
    missing = [path for path, md5 in wanted.items() if md5 not in known]
    if missing:
        raise UsageError(
            f"the content of {len(missing)} of {len(wanted)} files of the artifact is missing, such as of"
            f" `{missing[0][:200]}`",
            hint="log the artifact again",
        )
    files = [ArtifactFileRecord(path, *known[md5]) for path, md5 in wanted.items()]
    if references:
        listed = spooling.in_memory(msgspec.json.encode(references))
        _store(caller, draft, listed)
        files.append(ArtifactFileRecord(manifests.REFERENCES_FILE, listed.digest, listed.size_bytes))
    return files


def _note_output(caller: Caller, draft: Draft, files: list[ArtifactFileRecord]) -> None:
    """Record that the run of a draft made the version.

    Raises:
        NotFound: there is no such run.
    """
    given = draft.given
    known = runs.find_run(caller, given["project"], given["run"])
    if known is None:
        raise NotFound(
            f"there is no run `{given['run'][:80]}` in the project `{given['project']}` that made the artifact"
        )
    record = records.ArtifactRecord(
        0,
        caller.store.now(),
        given["name"],
        given["kind"],
        -1,
        given["digest"],
        aliases=given["aliases"],
        metadata=given["metadata"],
        files=files,
    )
    run_journals.store_notes(caller, runs.attempt_of(known), [record])
