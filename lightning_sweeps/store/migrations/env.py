"""What Alembic runs to migrate: `migrate.py` hands it a connection whose transaction is already open and locked."""

from __future__ import annotations

from alembic import context

from lightning_sweeps.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
