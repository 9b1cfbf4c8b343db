"""Series storages: the built-in one meets the contract, and another package can add one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.series.chunk_storage import ChunkStorage
from lightning_sweeps.store.series.storage import SERIES_STORAGES, SeriesStorage
from lightning_sweeps.testing.series_storage import SeriesStorageContract
from tests.extensions import install_extension

IN_MEMORY = '''
from collections import defaultdict

from lightning_sweeps.store.series.chunks import join
from lightning_sweeps.store.series.storage import SeriesStorage, journal_segments


class MemoryStorage(SeriesStorage):
    """Keeps points in lists of this process. For tests."""

    def __init__(self):
        self._parts = defaultdict(list)

    def append(self, connection, journal_id, points):
        for series_id, new in points.items():
            parts = self._parts[series_id, journal_id]
            last = parts[-1].sequence[-1] if parts else 0
            parts.append(new.chosen(new.sequence > last))

    def segments(self, connection, series_ids):
        wanted = set(series_ids)
        return journal_segments(connection, [key for key in self._parts if key[0] in wanted])

    def read(self, connection, segment):
        parts = [part for part in self._parts[segment.series_id, segment.journal_id] if len(part)]
        if parts:
            yield join(parts)

    def delete(self, connection, series_ids):
        for key in [key for key in self._parts if key[0] in set(series_ids)]:
            del self._parts[key]
'''

CONTRACT = """
import pytest
from an_extension import MemoryStorage

from lightning_sweeps.store.database import open_store, sqlite_url
from lightning_sweeps.testing.series_storage import SeriesStorageContract


class TestMemoryStorage(SeriesStorageContract):
    @pytest.fixture
    def storage(self):
        return MemoryStorage()


def test_a_store_finds_it_by_name(tmp_path):
    store = open_store(sqlite_url(tmp_path / "test.db"), series_storage="memory")
    assert isinstance(store.series, MemoryStorage)
    store.close()
"""


class TestChunkStorage(SeriesStorageContract):
    """The built-in storage, on SQLite and on PostgreSQL."""

    @pytest.fixture
    def storage(self) -> SeriesStorage:
        return ChunkStorage()

    @pytest.fixture
    def series_store(self, storage: SeriesStorage, database: str) -> Iterator[Store]:
        store = open_store(database)
        store.series = storage
        yield store
        store.close()


def test_the_storage_of_another_package_meets_the_contract(tmp_path: Path) -> None:
    entry_points = {"lightning_sweeps.series_storages": {"memory": "MemoryStorage"}}
    installed = install_extension(tmp_path / "installed", IN_MEMORY, entry_points)
    (tmp_path / "test_contract.py").write_text(CONTRACT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_contract.py"]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout and "skipped" not in done.stdout


def test_an_unknown_storage_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    assert SERIES_STORAGES.names()[0] == "chunks"
    with pytest.raises(UsageError, match="there is no series storage `parquet`, allowed: chunks"):
        open_store(sqlite_url(tmp_path / "test.db"), series_storage="parquet")
