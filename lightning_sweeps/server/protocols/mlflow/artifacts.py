"""Takes, lists, returns and deletes the artifacts of runs: they are files of the run, under their paths."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool

from lightning_sweeps.core.names import media_key
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.messages import MediaEntry
from lightning_sweeps.server.protocols import spooling
from lightning_sweeps.server.protocols.file_types import mime_type
from lightning_sweeps.server.protocols.known_runs import get_run
from lightning_sweeps.server.protocols.mlflow import names, run_journals, runs
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.store.blobs import media

AT_ONCE = 10_000


async def take_file(caller: MlflowCaller, given: str, body: AsyncIterator[bytes]) -> None:
    """Store a file as an artifact. It replaces one at the same path.

    Raises:
        UsageError: the path is not allowed.
        NotFound: there is no such run.
        ServerRefused: the file is too large, or the project's quota is used up.
    """
    caller.check_writes()
    place = names.artifact_place(given)
    if not place.path:
        raise UsageError(f"Invalid path '{given[:80]}': it names no file")
    run = await run_in_threadpool(get_run, caller, place.run_id)
    with spooling.spool_file(caller) as file:
        spooled = await spooling.receive(caller, run.project, body, file)
        mime = mime_type(place.path)
        now = caller.store.now()
        key = media_key(place.path)
        reference = records.Media(0, 0, now, key, spooled.digest, spooled.size_bytes, mime)
        await run_in_threadpool(run_journals.append, caller, run.id, lambda _: [reference])
        await run_in_threadpool(spooling.store, caller, spooled)


def list_proxied(caller: MlflowCaller, given: str) -> dict[str, Any]:
    """Return the files and folders in a folder, by their names in it."""
    place = names.artifact_place(given)
    found = list_folder(_sizes(caller, place.run_id), place.path)
    return {"files": [one | {"path": one["path"].rpartition("/")[2]} for one in found]}


def list_of_run(caller: MlflowCaller, given: Given) -> dict[str, Any]:
    """Return the files and folders in a folder of a run's artifacts."""
    run = get_run(caller, runs.run_id_of(given))
    of_experiment = runs.experiment_id_of(caller, run.project)
    folder = names.artifact_place(f"{of_experiment}/{run.id}/artifacts/{given.value('path')}".rstrip("/")).path
    root = names.artifact_uri(of_experiment, run.id)
    return {"root_uri": root, "files": list_folder(_sizes(caller, run.id), folder)}


def find_file(caller: MlflowCaller, given: str) -> MediaEntry:
    """Return the file at a path.

    Raises:
        NotFound: there is none.
    """
    place = names.artifact_place(given)
    get_run(caller, place.run_id)
    with caller.store.read() as connection:
        found = media.list_media(connection, place.run_id, key=place.path, limit=AT_ONCE)
    stored = [one for one in found if one.is_stored]
    if not place.path or not stored:
        raise NotFound(f"the run `{place.run_id}` has no artifact `{place.path[:80]}`")
    return stored[-1]


def delete(caller: MlflowCaller, given: str) -> None:
    """Delete a file, or a folder with all files in it. What is not there is deleted already."""
    caller.check_writes()
    place = names.artifact_place(given)
    get_run(caller, place.run_id)
    paths = [path for path in _sizes(caller, place.run_id) if is_in(path, place.path)]
    with caller.store.write() as connection:
        media.remove_media(connection, place.run_id, paths)


def list_folder(sizes: dict[str, int], folder: str) -> list[dict[str, Any]]:
    """Return what is in a folder, sorted by path: files, and folders below it. A file is in itself. Pure."""
    if folder in sizes:
        return [_file(folder, sizes[folder])]
    start = len(folder) + 1 if folder else 0
    found: dict[str, dict[str, Any]] = {}
    for path in _inside(sizes, folder):
        name, slash, _ = path[start:].partition("/")
        whole = path[:start] + name
        found[whole] = {"path": whole, "is_dir": True} if slash else _file(whole, sizes[path])
    return [found[path] for path in sorted(found)]


def is_in(path: str, folder: str) -> bool:
    """Return whether a file is at a path, or in a folder of that path. Pure."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def _inside(paths: Iterable[str], folder: str) -> list[str]:
    return [path for path in paths if is_in(path, folder)]


def _file(path: str, size_bytes: int) -> dict[str, Any]:
    return {"path": path, "is_dir": False, "file_size": size_bytes}


def _sizes(caller: MlflowCaller, run_id: str) -> dict[str, int]:
    """Return the sizes of a run's files by their paths."""
    get_run(caller, run_id)
    found: dict[str, int] = {}
    after = 0
    with caller.store.read() as connection:
        while page := media.list_media(connection, run_id, after=after, limit=AT_ONCE):
            found |= {one.key: one.size_bytes for one in page if one.is_stored}
            after = page[-1].id
    return found
