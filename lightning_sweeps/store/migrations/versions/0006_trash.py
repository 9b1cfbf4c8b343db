"""Adds a trash for runs and sweeps, an archive for runs, and the list of runs that were deleted for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_trash"
down_revision = "0005_interruptions"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("run", "archived", sa.Double),
    ("run", "deleted", sa.Double),
    ("run", "deleted_by", sa.Text),
    ("sweep", "deleted", sa.Double),
    ("sweep", "deleted_by", sa.Text),
)


def upgrade() -> None:
    op.create_table(
        "deleted_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deleted_run")),
    )
    for table, column, kind in _COLUMNS:
        op.add_column(table, sa.Column(column, kind(), nullable=True))
    op.create_index(op.f("ix_run_deleted"), "run", ["deleted"])


def downgrade() -> None:
    op.drop_index(op.f("ix_run_deleted"), "run")
    op.drop_table("deleted_run")
    for table, column, _ in reversed(_COLUMNS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
