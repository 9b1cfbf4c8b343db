"""Provides a migrated store on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightning_sweeps.store.database import Store, open_store


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = open_store(database)
    yield store
    store.close()
