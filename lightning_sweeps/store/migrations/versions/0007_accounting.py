"""what a trial's start and its GPUs cost, and what its agent did with the rest of the time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trial", sa.Column("gpus", sa.Integer(), nullable=True))
    op.add_column("trial", sa.Column("start_s", sa.Double(), nullable=True))
    op.add_column("trial", sa.Column("gpu_s", sa.Double(), nullable=True))
    op.add_column("agent", sa.Column("spent_s", sa.JSON(none_as_null=True), nullable=True))
