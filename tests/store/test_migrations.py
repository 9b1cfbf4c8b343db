"""The migrations create exactly the schema of `schema.py`, on both databases, also if several servers start at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.security.api_keys import ApiKeys, Credential, digest
from lightning_sweeps.store import schema
from lightning_sweeps.store.api_keys import spend_token, spent_tokens
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from tests.servers import PostgreSQL


def _index_text(index: Any) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def shape(connection: Connection) -> dict[str, Any]:
    """Return the columns, keys, constraints and indexes of every table."""
    seen = inspect(connection)
    return {
        name: {
            "columns": [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(name)],
            "key": seen.get_pk_constraint(name),
            "foreign": sorted(map(str, seen.get_foreign_keys(name))),
            "unique": sorted(map(str, seen.get_unique_constraints(name))),
            "indexes": sorted(map(_index_text, seen.get_indexes(name))),
        }
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def test_an_empty_database_is_migrated_to_the_schema(empty_database: str) -> None:
    store = open_store(empty_database)
    migrate(store)
    with store.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        migrated = shape(connection)
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        assert shape(connection) == migrated
    store.close()


def test_migrating_again_changes_nothing(store: Store) -> None:
    with store.read() as connection:
        before = shape(connection)
    migrate(store)
    with store.read() as connection:
        assert shape(connection) == before


def test_two_servers_that_start_at_once_migrate_in_turn(empty_database: str) -> None:
    stores = [open_store(empty_database) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(migrate, stores))
    for store in stores:
        with store.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        store.close()


def test_a_database_of_a_later_version_is_refused(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="cannot use the database") as refusal:
        migrate(store)
    assert "upgrade" in str(refusal.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_an_unsupported_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as refusal:
        open_store(url)
    assert "postgresql://" in str(refusal.value)


def test_without_the_postgresql_driver_the_message_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from lightning_sweeps.store.database import open_store\n"
        "try: open_store('postgresql://localhost/x')\n"
        "except Exception as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert 'pip install "lightning-sweeps[postgres]"' in told.stdout


def test_postgresql_has_a_lock_timeout(postgres: PostgreSQL) -> None:
    url = postgres.new_database()
    store = open_store(url)
    with store.read() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "30s"
    store.close()
    postgres.drop(url)


def test_sqlite_is_set_up_as_documented(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "a b%20?.db"))
    with store.write() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}
    assert (tmp_path / "a b%20?.db").exists()


def test_a_transaction_that_raises_changes_nothing(store: Store) -> None:
    class Oops(Exception):
        pass

    with pytest.raises(Oops), store.write() as connection:
        connection.execute(schema.project.insert().values(id="p", name="p", created=0.0))
        raise Oops
    with store.read() as connection:
        assert connection.scalars(schema.project.select()).all() == []


def test_keys_of_an_earlier_version_keep_all_projects(empty_database: str) -> None:
    store = open_store(empty_database)
    migrate(store, target="0003_rejections_and_histories")
    row = {"id": "k", "digest": digest("ls_key"), "name": "old", "created": 0.0, "role": "write"}
    with store.write() as connection:
        names = "(id, digest, name, created, role) VALUES (:id, :digest, :name, :created, :role)"
        connection.execute(text(f"INSERT INTO api_key {names}"), row)
    migrate(store)
    key = ApiKeys(store).holder(Credential("key", "ls_key"))
    assert key is not None and (key.name, key.role, key.projects) == ("old", "write", None)
    with store.write() as connection:
        assert spend_token(connection, "token", kind="link", expires=10.0, now=0.0)
        assert not spend_token(connection, "token", kind="link", expires=10.0, now=9.0)
        assert spend_token(connection, "token", kind="link", expires=20.0, now=11.0), "forgotten when it has expired"
        assert spent_tokens(connection, kind="session") == frozenset()
    store.close()
