"""trials over several machines: which agents run one together, and which of them wait to be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trial", sa.Column("gang", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("agent", sa.Column("ready_until", sa.Double(), nullable=True))
