"""Adds the pages of projects, and who created a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_project_pages"
down_revision = "0009_retention"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("project", "page_version", sa.Integer),
    ("project", "page_edited", sa.Double),
    ("project", "page_edited_by", sa.Text),
    ("run", "created_by", sa.Text),
)


def upgrade() -> None:
    op.add_column("project", sa.Column("page", sa.JSON(none_as_null=True), nullable=True))
    for table, column, kind in _COLUMNS:
        op.add_column(table, sa.Column(column, kind(), nullable=True))


def downgrade() -> None:
    for table, column, _ in reversed(_COLUMNS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    with op.batch_alter_table("project") as batch:
        batch.drop_column("page")
