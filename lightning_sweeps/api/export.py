"""Collects what an export writes: the runs with everything that they logged, and the contents of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

import msgspec

from lightning_sweeps.client import Client
from lightning_sweeps.client.download_blobs import download_blob
from lightning_sweeps.client.pages import pages_after
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import NotFound
from lightning_sweeps.exporters.exporter import ExportedRun

PAGE_VALUES = 10_000
PAGE_LINES = 10_000
PAGE_MEDIA = 1000

Row = dict[str, Any]


class _Fetched:
    """Rows that are fetched while they are iterated, and again in the next iteration."""

    def __init__(self, fetch: Any, *arguments: Any) -> None:
        self._fetch = fetch
        self._arguments = arguments

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fetch(*self._arguments))


RUN_COLUMNS = (
    *("name", "project", "group", "rank", "state", "reason", "created", "ended", "duration", "rows", "host"),
    *("sweep", "trial", "tags", "config", "summary"),
)


EXPORTED_COLUMNS = (
    *RUN_COLUMNS,
    *("notes", "world_size", "attempt", "mode", "job_type", "exit_code", "signal", "node", "updated", "user"),
    *("command", "gpus", "local_rank", "node_rank", "thinned", "rows_deleted", "created_by"),
)
"""Columns of exported runs: everything that is known of them."""


def whole_run(client: Client, row: Row, keys: Sequence[str]) -> ExportedRun:
    """Return a run with everything that it logged; with `keys`, only values of these keys."""
    run_id = row["id"]
    return ExportedRun(
        row,
        _Fetched(_points, client, run_id, frozenset(keys)),
        _Fetched(_lines, client, run_id),
        _Fetched(media_of, client, run_id),
        _Fetched(_artifacts, client, run_id),
        _Fetched(_journals, client, run_id),
    )


def download_files(client: Client, runs: Iterable[ExportedRun], home: Home) -> int:
    """Download the contents of all media and artifacts of some runs that the folder lacks; return their number.

    A content that the server does not have is left out.
    """
    digests = {row["digest"]: None for run in runs for row in run.media}
    digests |= {file["digest"]: None for run in runs for row in run.artifacts for file in row["files"]}
    count = 0
    for digest in digests:
        if not home.blob(digest).exists():
            try:
                download_blob(client, digest, home.blob(digest))
            except NotFound:
                continue
        count += 1
    return count


def values_of(client: Client, run_id: str, key: str | None = None) -> Iterator[Row]:
    """Yield the texts, lists and long integers that a run logged, as rows of points."""
    for value in _pages(lambda after: client.values(run_id, key=key, after=after, limit=PAGE_VALUES)):
        yield asdict(value)


def media_of(client: Client, run_id: str) -> Iterator[Row]:
    """Yield the media files of a run."""
    for entry in _pages(lambda after: client.media(run_id, key=None, step=None, after=after, limit=PAGE_MEDIA)):
        yield {"run": run_id} | asdict(entry)


def _pages(fetch: Callable[[int], Sequence[Any]]) -> Iterator[Any]:
    """Return the entries of all pages. `fetch` returns those after an id, an empty page at the end."""
    return chain.from_iterable(pages_after(0, fetch, lambda entry: entry.id))


def _points(client: Client, run_id: str, keys: frozenset[str]) -> Iterator[Row]:
    exact = {(row["key"], row["journal"], row["sequence"]): row for row in values_of(client, run_id)}
    for info in client.keys(run_id):
        if not keys or info.key in keys:
            for point in _series(client, run_id, info.key):
                long = exact.pop((info.key, point["journal"], point["sequence"]), None)
                yield point | {"exact": None if long is None else _json(long["value"])}
    for (key, journal, sequence), row in exact.items():
        if not keys or key in keys:
            place = {"run": run_id, "key": key, "journal": journal, "sequence": sequence}
            place |= {"step": row["step"], "time": row["time"], "value": None, "is_abandoned": None}
            yield place | {"exact": _json(row["value"])}


def _series(client: Client, run_id: str, key: str) -> Iterator[Row]:
    for page in client.all_points(run_id, key):
        for point in page:
            yield {"run": run_id, "key": key} | asdict(point) | {"value": float(point.value)}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _lines(client: Client, run_id: str) -> Iterator[Row]:
    for line in _pages(lambda after: client.console_after(run_id, after=after, limit=PAGE_LINES)):
        yield {"run": run_id, "time": line.time, "stream": line.stream, "line": line.line}


def _artifacts(client: Client, run_id: str) -> Iterator[Row]:
    for use in client.artifact_uses(run_id):
        files = [
            {"path": file.path, "digest": file.digest, "size_bytes": file.size_bytes}
            for file in client.artifact_files(use.artifact.id)
        ]
        yield (
            {"run": run_id, "role": use.role, "time": use.time, "files": files} | asdict(use.artifact) | {"run": run_id}
        )


def _journals(client: Client, run_id: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    for journal in client.journals(run_id):
        yield journal.id, client.journal_copy(journal.id)
