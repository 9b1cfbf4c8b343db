"""Adds the point of each trial, and which of its repeats the trial is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_repeats"
down_revision = "0010_project_pages"
branch_labels = None
depends_on = None

_COLUMNS = ("point_number", "repeat")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("trial", sa.Column(column, sa.Integer(), nullable=True))


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        with op.batch_alter_table("trial") as batch:
            batch.drop_column(column)
