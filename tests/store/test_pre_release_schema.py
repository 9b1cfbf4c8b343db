"""Databases from before the first release are upgraded with all their data, on both databases.

`files/database-0013-*.sql` are dumps of databases that the code of that time wrote; `*.json` is what that code read
from them, and `database-0013-rest.journal` is a whole journal; the dumps contain its first part.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from lightning_sweeps.engine import agents, sweeps, trials
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import IngestReply
from lightning_sweeps.server.journal_parts import take
from lightning_sweeps.store import api_keys, console, ingest, maintenance, nodes, rejections, runs, schema
from lightning_sweeps.store.blobs import artifacts, media
from lightning_sweeps.store.database import Store, open_store
from lightning_sweeps.store.migrate import latest, migrate, version
from lightning_sweeps.store.series import point_pages, reading, write_buffer, writing
from tests.store.test_migrations import shape

FILES = Path(__file__).parent / "files"


@pytest.fixture
def old_store(empty_database: str) -> Iterator[Store]:
    """A database with the schema `0013`, as the code of that time left it."""
    if empty_database.startswith("sqlite"):
        connection = sqlite3.connect(empty_database.removeprefix("sqlite:///"))
        connection.executescript((FILES / "database-0013-sqlite.sql").read_text())
        connection.close()
    else:
        with psycopg.connect(empty_database) as session:
            session.execute((FILES / "database-0013-postgresql.sql").read_bytes())
    store = open_store(empty_database)
    yield store
    store.close()


def read_all(store: Store, sweep_id: str) -> dict[str, Any]:
    """Return what the current code reads, in the form of the JSON files."""
    with store.read() as connection:
        found = {
            "runs": runs.list_runs(connection, runs.RunFilter()),
            "keys": api_keys.list_api_keys(connection),
            "rejected": rejections.list_of_run(connection, "run-1"),
            "console": {run: console.read_run(connection, run, console.ConsoleQuery(10)) for run in ("run-1", "run-2")},
            "series": writing.list_series(connection, "run-1"),
            "buckets": reading.read_buckets(connection, store.series, "run-1", "loss", width=8),
            "points": [
                [p.step, p.time, p.value]
                for p in point_pages.read_points(connection, store.series, "run-1", "loss", limit=5).points
            ],
            "sweep": sweeps.get_sweep(connection, sweep_id),
            "trials": trials.list_trials(connection, sweep_id),
            "agents": agents.list_agents(connection, sweep_id),
            "artifacts": artifacts.list_artifacts(connection),
            "media": media.list_media(connection, "run-1", limit=10),
            "nodes": nodes.list_nodes(connection),
        }
    return dict(msgspec.to_builtins(found))


def assert_holds(found: Any, expected: Any) -> None:
    """Compare values; fields that messages have gained since are left out."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert_holds(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_holds(one, other)
    else:
        assert found == expected


def test_everything_is_read_as_before(old_store: Store) -> None:
    expected = json.loads((FILES / f"database-0013-{old_store.kind}.json").read_text())
    assert version(old_store) == "0013"
    migrate(old_store)
    assert version(old_store) == latest()
    assert_holds(read_all(old_store, expected["sweep"]["id"]), expected)
    assert maintenance.check(old_store) == []


def test_the_environment_of_a_run_has_its_new_key(old_store: Store) -> None:
    with old_store.write() as connection:
        connection.execute(text("UPDATE media SET key = 'surroundings'"))
    migrate(old_store)
    with old_store.read() as connection:
        assert [entry.key for entry in media.list_media(connection, "run-1", limit=10)] == ["environment"]


def test_ingest_continues(old_store: Store) -> None:
    migrate(old_store)
    data = (FILES / "database-0013-rest.journal").read_bytes()
    with old_store.read() as connection:
        start = ingest.committed_offset(connection, "journal-2")
    assert 0 < start < len(data)
    assert take(old_store, SentPart("journal-2", start, data[start:])).reply == IngestReply(len(data))
    write_buffer.flush_owners(old_store, ["run-2", "node-1"])
    with old_store.read() as connection:
        run = runs.get_run(connection, "run-2")
        (sweep,) = sweeps.list_sweeps(connection)
        assert (run.state, run.rows) == ("finished", 3)
        points = point_pages.read_points(connection, old_store.series, "run-2", "val/loss").points
        assert [(point.step, point.value) for point in points] == [(0, 0.5), (1, 0.25), (2, 0.125)]
        assert sweep.best is not None and (sweep.best.objective, sweep.best.id) == (0.125, run.trial)
        (cpu,) = point_pages.read_points(connection, old_store.series, "node-1", "cpu.percent").points
        assert cpu.value == 12.0
    assert maintenance.check(old_store) == []


def test_the_upgraded_schema_is_that_of_a_new_database(old_store: Store) -> None:
    """SQLite keeps the old names of constraints, and columns that were added later come last."""
    migrate(old_store)
    with old_store.write() as connection:
        upgraded = shape(connection)
        if old_store.kind == "postgresql":
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, schema.metadata) == []
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        new = shape(connection)
    assert upgraded.keys() == new.keys()
    for table in new:
        assert sorted(upgraded[table]["columns"]) == sorted(new[table]["columns"]), table
        assert upgraded[table]["indexes"] == new[table]["indexes"], table


@pytest.mark.parametrize("revision", ["0001", "0010"])
def test_an_older_schema_is_refused_with_what_to_do(old_store: Store, revision: str) -> None:
    with old_store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    with pytest.raises(UsageError, match=f"schema `{revision}`") as refusal:
        migrate(old_store)
    assert "db migrate" in str(refusal.value)
