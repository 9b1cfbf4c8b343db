"""what a sweep knows from others, what people say of its trials, and what they did to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sweep", sa.Column("prior", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("trial", sa.Column("ignored", sa.Boolean(), nullable=True))
    op.add_column("trial", sa.Column("note", sa.Text(), nullable=True))
    op.create_table(
        "sweep_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sweep_change_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_change")),
    )
    op.create_index(op.f("ix_sweep_change_sweep_id"), "sweep_change", ["sweep_id"])
