"""Takes the files that clients upload: they ask where to, and then send each file by PUT."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool

from lightning_sweeps.core.names import media_key
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols import spooling
from lightning_sweeps.server.protocols.file_types import mime_type
from lightning_sweeps.server.protocols.wandb import run_journals, runs
from lightning_sweeps.server.protocols.wandb.caller import Caller

UPLOAD_PATH = "/wandb/files"
MAX_PATH_LENGTH = 500
KNOWN_FILES = frozenset({"config.yaml", "output.log", "wandb-summary.json"})
"""Files that repeat what the run has already."""
MEDIA_FOLDER = "media"
"""Rows refer to the files in this folder."""


def create_run_files(_: object, caller: Caller, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  its name in requests
    """Return where the client uploads files of a run. The uploads carry the same API key."""
    caller.check_writes()
    of_project = caller.project(input["entity_name"], input["project_name"])
    known = runs.require_run(caller, of_project, input["run_name"])
    place = f"{caller.address}{UPLOAD_PATH}/{quote(of_project, safe='')}/{quote(input['run_name'], safe='')}"
    return {
        "runID": known.id,
        "uploadHeaders": [f"Authorization:{caller.authorization}"],
        "files": [{"name": path, "uploadUrl": f"{place}/{quote(path)}"} for path in input["files"]],
    }


def mark_run_files_uploaded(_: object, __: Caller, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, ARG001
    """Note nothing: the server has seen the uploads."""
    return {"success": True}


async def take_file(caller: Caller, project: str, name: str, path: str, body: AsyncIterator[bytes]) -> None:
    """Store a file of a run.

    Raises:
        UsageError: the path is not allowed.
        NotFound: there is no such run.
        ServerRefused: the file is too large.
    """
    caller.check_writes()
    of_project = caller.project(None, project)
    known = await run_in_threadpool(runs.require_run, caller, of_project, name)
    parts = PurePosixPath(path).parts
    if not 0 < len(path) <= MAX_PATH_LENGTH or ".." in parts or path.startswith("/"):
        raise UsageError(f"the file's path is `{path[:MAX_PATH_LENGTH]}`, allowed: a relative path without `..`")
    with spooling.spool_file(caller) as file:
        spooled = await spooling.receive(caller, of_project, body, file)
        if path in KNOWN_FILES:
            return
        if parts[0] != MEDIA_FOLDER:
            now = caller.store.now()
            reference = records.Media(0, 0, now, media_key(path), spooled.digest, spooled.size_bytes, mime_type(path))
            await run_in_threadpool(run_journals.store_notes, caller, runs.attempt_of(known), [reference])
        await run_in_threadpool(spooling.store, caller, spooled)
