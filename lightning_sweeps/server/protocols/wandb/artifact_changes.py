"""Changes artifacts for clients: aliases, metadata, links, deletion."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import Artifact
from lightning_sweeps.server.protocols.wandb import artifacts
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.runs import Described
from lightning_sweeps.store import clock
from lightning_sweeps.store.blobs import artifact_changes, drafts
from lightning_sweeps.store.blobs import artifacts as versions

Given = dict[str, Any]


def add_aliases(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Give aliases to a version."""
    found = _found(caller, input)
    _give(caller, found.id, _aliases(input))
    return {"success": True}


def delete_aliases(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Take aliases from a version."""
    found = _found(caller, input)
    with caller.store.write() as connection:
        artifact_changes.take_aliases(connection, found.id, _aliases(input))
    return {"success": True}


def update_artifact(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Replace the metadata, the description and the aliases of a version. What is not given stays.

    Raises:
        UsageError: the request gives tags.
    """
    found = _found(caller, input)
    if input.get("tags_to_add"):
        raise UsageError("tags of artifacts are not kept on this server", hint="use an alias, or the metadata")
    metadata = dict(found.metadata)
    if input.get("metadata") is not None:
        kept = {artifacts.DESCRIPTION: metadata[artifacts.DESCRIPTION]} if artifacts.DESCRIPTION in metadata else {}
        metadata = artifacts.metadata_of(input["metadata"], None) | kept
    if input.get("description") is not None:
        metadata[artifacts.DESCRIPTION] = input["description"]
    with caller.store.write() as connection:
        artifact_changes.set_metadata(connection, found.id, metadata)
        if input.get("aliases") is not None:
            wanted = [one for one in _aliases(input) if one != versions.LATEST]
            artifact_changes.take_aliases(connection, found.id, [one for one in found.aliases if one not in wanted])
            artifact_changes.give_aliases(connection, found.id, wanted)
    return {"artifact": artifacts.describe(caller, artifacts.require_artifact(caller, found.id))}


def delete_artifact(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Delete a version.

    Raises:
        UsageError: it has aliases, and the request does not say that they may go.
    """
    found = _found(caller, input)
    named = [one for one in found.aliases if one != versions.LATEST]
    if named and not input.get("delete_aliases"):
        raise UsageError(
            f"the artifact `{found.name}:v{found.version}` has the aliases {', '.join(f'`{one}`' for one in named)}",
            hint="delete it with `delete_aliases=True`",
        )
    described = artifacts.describe(caller, found)
    with caller.store.write() as connection:
        artifact_changes.remove(connection, found.id)
    return {"artifact": described}


def link_artifact(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Make a version a version of another collection, also in another project. No content is copied."""
    caller.check_writes()
    of_project = caller.project(input.get("entity_name"), input.get("project_name"))
    named = input.get("artifact_id") or _id_of_client(caller, input.get("client_id") or "")
    found = artifacts.require_artifact(caller, named)
    name = input.get("artifact_portfolio_name") or found.name
    with caller.store.write() as connection:
        now = clock.now(connection)
        linked = artifact_changes.copy_to(
            connection, found.id, project=of_project, name=name, aliases=_aliases(input), now=now
        )
    membership = artifacts.describe_membership(caller, linked)
    return {"versionIndex": linked.version, "artifactMembership": membership}


def unlink_artifact(_: object, caller: Caller, *, input: Given) -> Described:  # noqa: A002  its name in requests
    """Delete the version that a link made."""
    found = _found(caller, input)
    with caller.store.write() as connection:
        artifact_changes.remove(connection, found.id)
    return {"artifactID": found.id, "success": True}


def _found(caller: Caller, given: Given) -> Artifact:
    caller.check_writes()
    return artifacts.require_artifact(caller, given["artifact_id"])


def _aliases(given: Given) -> list[str]:
    return [one["alias"] for one in given.get("aliases") or []]


def _give(caller: Caller, artifact_id: str, aliases: list[str]) -> None:
    with caller.store.write() as connection:
        wanted = [one for one in aliases if one != versions.LATEST]
        artifact_changes.give_aliases(connection, artifact_id, wanted)


def _id_of_client(caller: Caller, client_id: str) -> str:
    with caller.store.read() as connection:
        draft = drafts.find_by_client_id(connection, client_id)
    if draft is None:
        raise NotFound(f"there is no artifact `{client_id[:80]}`", hint="log it first")
    return draft.id
