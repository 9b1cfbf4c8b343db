"""Pages of projects over HTTP and in Python: who may edit them, conflicts, and the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightning_sweeps import Api
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.messages import KeyCreate, PinnedView, ProjectEdit
from tests.servers import running_server
from tests.store.journals import Journal

NAME = "vision/2 & more%"


@pytest.fixture
def served(tmp_path: Path, database: str) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "home", database) as (client, file):
        journal = Journal(project=NAME).log(0, loss=1.0)
        client.send_journal(journal.id, 0, journal.data)
        yield client, file


def test_two_editors_do_not_lose_each_others_edits(served: tuple[Client, ServerFile]) -> None:
    admin, file = served
    keys = {role: admin.create_key(KeyCreate(f"my {role}", role)).key for role in ("read", "write")}
    with Client(file.url, keys["write"]) as writer, Api(Client(file.url, keys["read"])) as reader, Api(writer) as api:
        before = api.project(NAME)
        edited = api.edit_project(before, description="# Vision", runs=["run-1"], views={"All": "/runs"})
        assert (edited.version, edited.edited_by, edited.views) == (1, "my write", [PinnedView("All", "/runs")])
        with pytest.raises(ServerRefused, match="`my write` has edited the page") as refused:
            admin.edit_project(NAME, ProjectEdit(before.version, description="# Mine"))
        assert refused.value.status == 409
        assert reader.project(NAME) == edited
        with pytest.raises(ServerRefused, match="needs `write`"):
            reader.edit_project(edited, notes="x")
        with pytest.raises(NotFound):
            api.project("none")
    asked = requests.get(f"{file.url}/api/audit", headers={"Authorization": f"Bearer {file.token}"}, timeout=10)
    edits = [(entry["key"], entry["status"]) for entry in asked.json() if entry["path"] == f"/api/projects/{NAME}/page"]
    assert edits[0] == ("my write", 200)
    assert edits[1][1] == 409 and len(edits) == 2


def test_a_run_names_the_key_that_sent_it(served: tuple[Client, ServerFile]) -> None:
    admin, file = served
    with Client(file.url, admin.create_key(KeyCreate("ci", "write")).key) as ci:
        journal = Journal(id="journal-2", run="run-2").log(0, loss=1.0)
        ci.send_journal(journal.id, 0, journal.data)
    with Api(admin) as api:
        created_by = {row["id"]: row["created_by"] for row in api.runs(columns=["created_by"])}
    assert created_by["run-2"] == "ci"
    assert "@" in created_by["run-1"], "the server's own key is named after its user and host"
