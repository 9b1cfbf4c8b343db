"""Adds the projects of API keys, and the links and sessions that must not be accepted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_key_projects"
down_revision = "0006_trash"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("projects", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "spent_token",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_spent_token"),
    )
