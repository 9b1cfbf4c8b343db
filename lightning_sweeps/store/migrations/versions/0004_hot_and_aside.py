"""new rows wait in a table of their own; records that cannot be stored are noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "hot",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_hot_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hot")),
    )
    op.create_index(op.f("ix_hot_journal_id"), "hot", ["journal_id"])
    op.create_table(
        "aside",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("offset", Big, nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_aside_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside")),
    )
    op.create_index(op.f("ix_aside_journal_id"), "aside", ["journal_id"])
