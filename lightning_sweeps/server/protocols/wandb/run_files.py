"""Lists the files of a run for clients: those that it uploaded, and the media in its rows."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from typing import Any

from lightning_sweeps.messages import MediaEntry, RunDetails
from lightning_sweeps.server.protocols.file_types import mime_type
from lightning_sweeps.server.protocols.wandb import downloads, manifests, paging, rows
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.paging import Page
from lightning_sweeps.store.blobs import media

AT_ONCE = 10_000
_KINDS = {"image": "images", "audio": "audio", "video": "videos"}


def files(
    run: dict[str, Any],
    caller: Caller,
    *,
    names: Sequence[str | None] | None = None,
    pattern: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Page:
    """Return files of a run: of these names, or whose names match a pattern as of SQL's LIKE, or all."""
    known: RunDetails = run["run"]
    found = _by_path(caller, known)
    wanted = re.compile(".*".join(map(re.escape, pattern.split("%")))) if pattern else None
    paths = [
        path
        for path in sorted(found)
        if (not names or path in names) and (wanted is None or wanted.fullmatch(path) is not None)
    ]
    return paging.page_of(paths, lambda path: _describe(caller, path, found[path]), first=first, after=after)


def file_count(run: dict[str, Any], caller: Caller) -> int:
    """Return the number of a run's files."""
    return len(_by_path(caller, run["run"]))


def path_of(entry: MediaEntry) -> str:
    """Return the path of a file: the one that it was uploaded with, or the one that W&B gives media in rows."""
    if entry.step == 0 and mime_type(entry.key) == entry.mime:
        return entry.key
    kind = _KINDS.get(entry.mime.partition("/")[0], "files")
    ending = mimetypes.guess_extension(entry.mime) or ""
    return f"media/{kind}/{entry.key}_{entry.step}_{entry.digest[:20]}{ending}"


def _by_path(caller: Caller, known: RunDetails) -> dict[str, MediaEntry]:
    found: dict[str, MediaEntry] = {}
    after = 0
    with caller.store.read() as connection:
        while page := media.list_media(connection, known.id, after=after, limit=AT_ONCE):
            found |= {path_of(one): one for one in page if one.is_stored}
            after = page[-1].id
    return found


def _describe(caller: Caller, path: str, entry: MediaEntry) -> dict[str, Any]:
    def md5(*_: object, **__: object) -> str:
        known = downloads.find_md5(caller.store, caller.contents, [entry.digest])
        return manifests.in_base64(known[entry.digest])

    def address(*_: object, **__: object) -> str:
        return downloads.address(caller, entry.digest, path.rpartition("/")[2])

    return {
        "id": path,
        "name": path,
        "displayName": path,
        "url": address,
        "directUrl": address,
        "sizeBytes": entry.size_bytes,
        "mimetype": entry.mime,
        "storagePath": path,
        "updatedAt": rows.moment(entry.time),
        "digest": md5,
        "md5": md5,
    }
