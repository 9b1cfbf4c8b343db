"""Blobs in an object store, for which fsspec's local file system stands in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import BlobFolder, Home
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.server.web import ranges
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import open_blob_storage
from lightning_sweeps.store.blobs.remote_storage import RemoteStorage, open_remote
from lightning_sweeps.store.database import open_store
from tests.server.test_media import name_of, send
from tests.servers import running_server
from tests.store.journals import Journal

CONTENT = os.urandom(100_000)


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[tuple[Client, ServerFile, Path]]:
    """A server that stores blobs under a `file://` URL."""
    with running_server(tmp_path / "home", database, "--blobs", f"file://{tmp_path}/bucket/of") as (client, server):
        yield client, server, tmp_path


def test_a_blob_is_served_whole_and_in_ranges(world: tuple[Client, ServerFile, Path], database: str) -> None:
    client, server, folder = world
    send(client, Journal().show("img", CONTENT))
    digest = name_of(CONTENT)
    stored = folder / "bucket/of" / digest[:2] / digest
    stored.parent.mkdir(parents=True)
    stored.write_bytes(CONTENT[:50])  # of a server that was killed while it wrote
    assert client.put_blob(digest, 0, CONTENT[:60_000]).offset == 60_000
    assert client.put_blob(digest, 60_000, CONTENT[60_000:]).is_stored
    assert stored.read_bytes() == CONTENT and client.lacking("journal-1") == []
    assert list(BlobFolder(Home(folder / "home").blobs).uploads.iterdir()) == []
    assert b"".join(client.blob(digest)) == CONTENT
    assert b"".join(client.blob(digest, offset=99_990)) == CONTENT[99_990:]
    key = {"Authorization": f"Bearer {server.token}"}
    url = f"{server.url}/api/blobs/{digest}"
    part = requests.get(url, headers=key | {"Range": "bytes=5-9"}, timeout=30)
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, CONTENT[5:10], "bytes 5-9/100000")
    assert requests.get(url, headers=key | {"Range": "bytes=100000-"}, timeout=30).status_code == 416
    head = requests.head(url, headers=key, timeout=30)
    assert (head.headers["content-length"], head.headers["x-content-type-options"]) == ("100000", "nosniff")
    _garbage(client, folder, database, digest)


def _garbage(client: Client, folder: Path, database: str, digest: str) -> None:
    send(client, Journal(id="journal-2", run="run-2").keep("set", {"a": b"dropped"}))
    assert client.put_blob(name_of(b"dropped"), 0, b"dropped").is_stored
    client.remove_artifact(client.artifacts()[0].id)
    store = open_store(database)
    try:
        contents = open_blob_storage(f"file://{folder}/bucket/of", store, folder=Home(folder / "home").blobs)
        assert blob_table.collect(store, contents, grace_s=0.0).blobs == 1
        with store.read() as connection:
            assert blob_table.missing_blobs(connection, contents) == []
            contents.remove(digest)
            assert blob_table.missing_blobs(connection, contents) == [digest]
    finally:
        store.close()
    for gone in (digest, name_of(b"dropped")):
        with pytest.raises(NotFound):
            b"".join(client.blob(gone))


def test_any_fsspec_file_system_works(tmp_path: Path) -> None:
    remote = open_remote("memory://bucket")
    assert isinstance(remote, RemoteStorage) and remote.size("ab12") is None
    (tmp_path / "whole").write_bytes(CONTENT)
    remote.put(tmp_path / "whole", "ab12")
    assert remote.size("ab12") == len(CONTENT) and b"".join(remote.read("ab12", 7, 99_000)) == CONTENT[7:99_000]
    remote.remove("ab12")
    remote.remove("ab12")
    assert remote.size("ab12") is None
    with pytest.raises(UsageError, match="cannot be stored at `nothing://x`"):
        open_remote("nothing://x")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=8-30", (8, 10)),
        ("bytes=10-", None),
        ("bytes=5-3", None),
        ("bytes=-0", None),
        ("bytes=0-1,4-5", (0, 10)),
        ("bytes=-", (0, 10)),
        ("lines=1-2", (0, 10)),
    ],
)
def test_ranges(header: str | None, part: tuple[int, int] | None) -> None:
    assert ranges.wanted(header, 10) == part
