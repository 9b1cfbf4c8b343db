"""rows that pages watch carry the time of their last change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("run", "node", "sweep", "trial", "agent"):
        op.add_column(table, sa.Column("changed", sa.Double(), nullable=True))
        op.create_index(op.f(f"ix_{table}_changed"), table, ["changed"])
