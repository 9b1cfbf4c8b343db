"""Runs migrations for Alembic on the connection that `migrate.py` passes, in its open and locked transaction."""

from __future__ import annotations

from alembic import context

from lightning_sweeps.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
