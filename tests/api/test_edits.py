"""`Api` changes runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightning_sweeps import Api
from lightning_sweeps.client import Client
from lightning_sweeps.errors import ServerRefused
from tests.servers import running_server
from tests.store.journals import Journal


def test_runs_are_changed(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (client, _):
        change_runs(client)


def change_runs(client: Client) -> None:
    for number in range(3):
        journal = Journal(id=f"j{number}", run=f"r{number}", config={"number": number}).log(0, loss=1.0).finish()
        client.send_journal(journal.id, 0, journal.data)
    api = Api(client)
    assert api.delete_runs(filter="config.number > 0", preview=True).runs == ["r1", "r2"]
    assert api.delete_runs(["r1", "r2"]).count == 2
    assert [row["id"] for row in api.runs()] == ["r0"]
    assert api.restore_runs(project="project-1").runs == ["r1", "r2"]
    assert api.archive_runs(["r1"]).count == 1
    assert sorted(row["id"] for row in api.runs()) == ["r0", "r2"]
    assert api.archive_runs(["r1"], undo=True).count == 1
    assert api.move_runs("other", filter="id = r2").count == 1
    assert [row["id"] for row in api.runs("other")] == ["r2"]
    assert api.rename_runs("other", ["r0"]).count == 1
    edited = api.edit_run("r0", name="baseline", tags=["good"], config={"seed": 3})
    assert (edited.name, edited.tags, edited.config) == ("baseline", ["good"], {"number": 0, "seed": 3})
    with pytest.raises(ServerRefused, match="no runs are chosen"):
        api.delete_runs()
