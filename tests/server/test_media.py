"""Media, artifacts and blobs over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import BlobFolder, Home
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.messages import BlobState
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import open_store
from tests.servers import running_server
from tests.store.journals import Journal

PICTURE = b"\x89PNG one"
OTHER = b"\x89PNG another"


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def send(client: Client, journal: Journal) -> None:
    client.send_journal(journal.id, 0, journal.data)


@pytest.fixture
def world(tmp_path: Path, database: str) -> Iterator[tuple[Client, ServerFile, Home]]:
    with running_server(tmp_path / "home", database) as (client, server):
        yield client, server, Home(tmp_path / "home")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile, Home]]:
    home = Home(tmp_path_factory.mktemp("media") / "home")
    with running_server(home.root) as (client, server):
        yield client, server, home


def test_an_image_is_uploaded_after_its_row_in_parts(world: tuple[Client, ServerFile, Home]) -> None:
    client, _, _ = world
    journal = Journal().show("img", PICTURE, step=3, caption="a cat").show("img", OTHER, step=3, index=1)
    send(client, journal.show("text", b"hi", step=4, mime="text/plain"))
    first, second, third = client.media("run-1")
    assert (first.key, first.step, first.caption, first.index, first.is_stored) == ("img", 3, "a cat", 0, False)
    assert (second.index, second.rank, second.size_bytes) == (1, 0, len(OTHER))
    assert [entry.key for entry in client.media("run-1", after=second.id)] == ["text"] == [third.key]
    assert [(key.key, key.mime, key.count, key.last_step) for key in client.media_keys("run-1")] == [
        ("img", "image/png", 2, 3), ("text", "text/plain", 1, 4),
    ]  # fmt: skip
    with pytest.raises(NotFound, match="does not have the blob"):
        b"".join(client.blob(first.digest))
    wanted = {state.digest: state.size_bytes for state in client.missing_blobs(journal.id)}
    assert wanted == {name_of(content): len(content) for content in (PICTURE, OTHER, b"hi")}
    assert client.put_blob(first.digest, 0, PICTURE[:3]) == BlobState(first.digest, len(PICTURE), 3)
    assert client.put_blob(first.digest, 5, PICTURE[5:]).offset == 3, "a part that leaves a gap is ignored"
    assert client.put_blob(first.digest, 0, PICTURE[:4]).offset == 4, "known bytes are skipped"
    assert next(state for state in client.missing_blobs(journal.id) if state.digest == first.digest).offset == 4
    for _ in range(2):
        assert client.put_blob(first.digest, 4, PICTURE[4:]).is_stored
    assert client.blob_state(first.digest).is_stored
    assert [entry.is_stored for entry in client.media("run-1", key="img", step=3)] == [True, False]
    assert b"".join(client.blob(first.digest)) == PICTURE
    assert b"".join(client.blob(first.digest, offset=5)) == PICTURE[5:]
    assert client.usage() == {"project-1": len(PICTURE)}


def test_a_blob_with_a_wrong_digest_is_dropped(shared: tuple[Client, ServerFile, Home]) -> None:
    client, _, home = shared
    content = b"what the row says"
    send(client, Journal(id="wrong", run="wrong").show("img", content))
    for wrong in (b"x" * len(content), content + b"more"):
        with pytest.raises(ServerRefused, match="do not match its digest"):
            client.put_blob(name_of(content), 0, wrong)
        assert client.blob_state(name_of(content)) == BlobState(name_of(content), len(content), 0)
    with pytest.raises(NotFound, match="no run refers to"):
        client.put_blob(name_of(b"unnamed"), 0, b"unnamed")
    assert [path for path in home.blobs.rglob("*") if path.is_file() and path.name != ".lock"] == []


@pytest.mark.parametrize(
    "digest", ["../server.key", "..%2Fserver.key", "%2e%2e/server.key", "0" * 63, "A" * 64, "/etc/passwd", "0" * 64]
)
def test_no_digest_leads_out_of_the_folder(shared: tuple[Client, ServerFile, Home], digest: str) -> None:
    _, server, home = shared
    headers = {"Authorization": f"Bearer {server.token}"}
    with requests.Session() as session:
        request = requests.Request("GET", server.url, headers=headers).prepare()
        request.url = f"{server.url}/api/blobs/{digest}"  # sent unchanged: the library would resolve the dots
        answer = session.send(request, timeout=10, allow_redirects=False)
        put = session.put(f"{server.url}/api/blobs/{digest}", headers=headers, data=b"x", timeout=10)
    assert answer.status_code in (404, 405, 422) and server.token not in answer.text
    assert put.status_code in (404, 405, 422)
    assert not (home.blobs / digest).exists() or digest.startswith((".", "/"))


def test_a_browser_shows_only_harmless_types(shared: tuple[Client, ServerFile, Home]) -> None:
    client, server, _ = shared
    page = b"<script>alert(1)</script>"
    send(client, Journal(id="page", run="page").show("page", page, mime="text/html"))
    client.put_blob(name_of(page), 0, page)
    headers = {"Authorization": f"Bearer {server.token}"}
    url = f"{server.url}/api/blobs/{name_of(page)}"
    with requests.Session() as session:
        session.headers.update(headers)
        refused = session.get(url, params={"mime": "text/html"}, timeout=10)
        shown = session.get(url, params={"mime": "text/plain"}, timeout=10)
        part = session.get(url, headers={"Range": "bytes=8-12"}, timeout=10)
        beyond = session.get(url, headers={"Range": "bytes=900-"}, timeout=10)
        head = session.head(url, timeout=10)
    assert refused.headers["content-type"] == "application/octet-stream"
    assert refused.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-type"].startswith("text/plain") and "inline" in shown.headers["content-disposition"]
    for answer in (refused, shown, part):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "immutable" in answer.headers["cache-control"]
    assert (part.status_code, part.content) == (206, page[8:13])
    assert (beyond.status_code, head.headers["content-length"]) == (416, str(len(page)))


def test_artifact_versions_of_two_machines_and_their_aliases(world: tuple[Client, ServerFile, Home]) -> None:
    client, _, _ = world
    one = Journal().keep("set", {"a": b"1"}, aliases=["best"]).keep("set", {"a": b"2", "in/b": b"2"}, version=1)
    send(client, one)
    other = Journal(id="journal-2", run="run-2").keep("set", {"a": b"3"}, aliases=["best"]).keep("set", {"a": b"1"})
    send(client, other)
    found = client.artifacts(project="project-1", name="set")
    assert [(each.version, each.aliases, each.run, each.size_bytes) for each in found] == [
        (2, ["latest", "best"], "run-2", 1), (1, [], "run-1", 2), (0, [], "run-1", 1),
    ]  # fmt: skip
    assert [(use.role, use.artifact.version) for use in client.artifact_uses("run-2")] == [("output", 2), ("output", 0)]
    assert [(file.path, file.is_stored) for file in client.artifact_files(found[1].id)] == [
        ("a", False),
        ("in/b", False),
    ]
    assert {state.digest for state in client.missing_blobs("journal-2")} == {name_of(b"3"), name_of(b"1")}
    assert not found[1].is_stored
    client.put_blob(name_of(b"2"), 0, b"2")
    assert client.artifacts(name="set")[1].is_stored
    assert client.give_aliases(found[2].id, ["best", "golden"]).aliases == ["best", "golden"]
    assert client.artifacts(name="set")[0].aliases == ["latest"]
    for alias in ("latest", "", "a\nb"):
        with pytest.raises(ServerRefused, match="is not allowed"):
            client.give_aliases(found[2].id, [alias])
    assert client.remove_artifact(found[0].id).version == 2
    assert [each.aliases for each in client.artifacts(name="set")] == [["latest"], ["best", "golden"]]
    for ask in (client.artifact_files, client.remove_artifact, client.artifact_uses, client.media, client.media_keys):
        with pytest.raises(NotFound):
            ask(found[0].id)


def test_blobs_of_processes_on_this_machine_are_not_uploaded(shared: tuple[Client, ServerFile, Home]) -> None:
    client, _, home = shared
    contents = [b"written here", b"cut by a crash"]
    for content in contents:
        path = home.blob(name_of(content))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if content is contents[0] else content[:5].ljust(len(content), b"\0"))
    journal = Journal(id="near", run="near").show("img", contents[0]).show("img", contents[1])
    send(client, journal)
    assert [state.digest for state in client.missing_blobs("near")] == [name_of(contents[1])]
    assert BlobFolder(home.blobs).blob(name_of(contents[0])).samefile(home.blob(name_of(contents[0])))
    assert b"".join(client.blob(name_of(contents[0]))) == contents[0]


def test_limits_of_a_file_and_of_a_project(tmp_path: Path) -> None:
    small, large = b"s" * 400, b"l" * 1200
    with running_server(tmp_path / "home", None, "--max-file-gb", "1e-6", "--quota-gb", "7e-7") as (client, _):
        send(client, Journal().show("a", small).show("b", large).show("c", small[::-1] + b"t"))
        with pytest.raises(ServerRefused, match="allowed: 1000") as refusal:
            client.put_blob(name_of(large), 0, large[:1])
        assert refusal.value.status == 413
        assert client.put_blob(name_of(small), 0, small).is_stored
        with pytest.raises(ServerRefused, match=r"quota of 700 bytes: `project-1` stores 400") as refusal:
            client.put_blob(name_of(small[::-1] + b"t"), 0, small)
        assert refusal.value.status == 507


def test_collection_deletes_unreferenced_blobs(world: tuple[Client, ServerFile, Home], database: str) -> None:
    client, _, home = world
    kept, dropped = b"kept", b"dropped"
    send(client, Journal().keep("set", {"a": kept, "b": dropped}).show("img", kept))
    for content in (kept, dropped):
        client.put_blob(name_of(content), 0, content)
    store, contents = open_store(database), BlobStorage(BlobFolder(home.blobs))
    try:
        assert blob_table.collect(store, contents, grace_s=0.0).blobs == 0
        client.remove_artifact(client.artifacts()[0].id)
        assert blob_table.collect(store, contents).blobs == 0, "new blobs stay"
        done = blob_table.collect(store, contents, grace_s=0.0)
        assert (done.blobs, done.size_bytes) == (1, len(dropped))
        with store.read() as connection:
            assert blob_table.missing_blobs(connection, contents) == []
            contents.path(name_of(kept)).unlink()
            assert blob_table.missing_blobs(connection, contents) == [name_of(kept)]
    finally:
        store.close()
    with pytest.raises(NotFound):
        b"".join(client.blob(name_of(dropped)))
