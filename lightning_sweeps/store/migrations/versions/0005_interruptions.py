"""Counts preempted and lost attempts of a trial apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_interruptions"
down_revision = "0004_sweep_life"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = (("preemptions", sa.Integer()), ("losses", sa.Integer()), ("resumed_step", Big))


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("trial", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("trial") as batch:
        for name, _ in reversed(COLUMNS):
            batch.drop_column(name)
