"""A migrated store of each database for every test of the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightning_sweeps.store.engine import Store, open_store
from lightning_sweeps.store.migrate import migrate


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = open_store(database)
    migrate(store)
    yield store
    store.close()
