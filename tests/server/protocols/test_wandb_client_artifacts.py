"""The real wandb client logs, uses and downloads artifacts here, unmodified."""

from __future__ import annotations

import pytest

from tests.server.protocols.wandb_client import WandbPrograms

pytestmark = pytest.mark.slow

LOGS = """
import pathlib, wandb
pathlib.Path("a.txt").write_text("first")
pathlib.Path("model.pt").write_bytes(bytes(1000))
with wandb.init() as run:
    data = wandb.Artifact("data", type="dataset", metadata={"rows": 3}, description="some rows")
    data.add_file("a.txt", name="inner/a.txt")
    data.add_reference("https://example.org/big.bin", name="big.bin", checksum=False)
    run.log_artifact(data, aliases=["best"]).wait()
    run.log({"table": wandb.Table(columns=["a"], data=[[1], [2]])})
    logged = run.log_model("model.pt", name="model")
    linked = run.link_model("model.pt", "registered", name="model")
with wandb.init() as run:
    same = wandb.Artifact("data", type="dataset")
    same.add_file("a.txt", name="inner/a.txt")
    same.add_reference("https://example.org/big.bin", name="big.bin", checksum=False)
    run.log_artifact(same).wait()
    assert same.version == "v0", same.version
    pathlib.Path("b.txt").write_text("second")
    grown = wandb.Artifact("data", type="dataset")
    grown.add_file("a.txt", name="inner/a.txt")
    grown.add_file("b.txt")
    run.log_artifact(grown).wait()
    assert grown.version == "v1", grown.version
"""
USES = """
import json, pathlib, wandb
with wandb.init() as run:
    used = run.use_artifact("data:best")
    assert used.metadata == {"rows": 3} and used.description == "some rows", (used.metadata, used.description)
    (reference,) = [one for one in used.manifest.entries.values() if one.ref]
    assert reference.ref == "https://example.org/big.bin"
    newest = run.use_artifact("data:latest")
    folder = pathlib.Path(newest.download())
    assert (folder / "inner" / "a.txt").read_text() == "first" and (folder / "b.txt").read_text() == "second"
    assert pathlib.Path(newest.get_entry("b.txt").download(root="other")).read_text() == "second"
    newest.aliases.append("chosen")
    newest.save()
    print(run.use_model("model:latest"))
api = wandb.Api()
path = f"{run.entity}/{run.project}/data"
assert api.artifact(f"{path}:chosen").version == "v1"
assert [one.version for one in api.artifacts("dataset", path)] == ["v1", "v0"]
assert [one.name for one in api.artifact_types(f"{run.entity}/{run.project}")] == ["dataset", "model", "run_table"]
first = api.artifact(f"{path}:v0")
assert first.logged_by().id and [one.id for one in first.used_by()] == [run.id]
first.delete(delete_aliases=True)
assert [one.version for one in api.artifacts("dataset", path)] == ["v1"]
"""


@pytest.fixture
def server_database(database: str) -> str:
    """Run the tests on SQLite and on PostgreSQL."""
    return database


def test_artifacts_are_logged_used_downloaded_named_and_deleted(programs: WandbPrograms) -> None:
    printed = programs.run(LOGS)
    assert "ERROR" not in printed
    client = programs.served.client
    found = {(one.name, one.version): one for one in client.artifacts(project=programs.served.project)}
    assert {("data", 0), ("data", 1), ("model", 0)} <= found.keys()
    assert all(one.is_stored for one in found.values())
    assert found["data", 0].aliases == ["best"]
    files = {one.path: one for one in client.artifact_files(found["data", 1].id)}
    assert {path: b"".join(client.blob(one.digest)) for path, one in files.items()} == {
        "inner/a.txt": b"first",
        "b.txt": b"second",
    }
    printed = programs.run(USES)
    assert "ERROR" not in printed
