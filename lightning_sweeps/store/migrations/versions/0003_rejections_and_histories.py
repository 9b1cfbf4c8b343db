"""Adds what is rejected, histories of values, and the end of silent runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_rejections_and_histories"
down_revision = "0002_trial_ends"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_COUNT_REJECTED = """
UPDATE run SET rejected = (
    SELECT count(*) FROM rejected_record JOIN journal ON journal.id = rejected_record.journal_id
    WHERE journal.run_id = run.id
) WHERE id IN (SELECT journal.run_id FROM rejected_record JOIN journal ON journal.id = rejected_record.journal_id)
"""


def upgrade() -> None:
    op.create_table(
        "rejected_journal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_journal")),
    )
    op.create_table(
        "logged_value",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("sequence", Big, nullable=False),
        sa.Column("step", Big, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_logged_value_journal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_logged_value_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logged_value")),
    )
    op.create_index(op.f("ix_logged_value_journal_id"), "logged_value", ["journal_id"])
    op.create_index(op.f("ix_logged_value_run_id_key_id"), "logged_value", ["run_id", "key", "id"])
    op.add_column("journal", sa.Column("first_step", Big, nullable=True))
    op.add_column("journal", sa.Column("parent", sa.Text(), nullable=True))
    op.add_column("rejected_record", sa.Column("data", sa.LargeBinary(), nullable=True))
    op.add_column("run", sa.Column("rejected", sa.Integer(), nullable=True))
    op.execute(_COUNT_REJECTED)


def downgrade() -> None:
    op.drop_table("logged_value")
    op.drop_table("rejected_journal")
    for table, column in (("run", "rejected"), ("rejected_record", "data")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    with op.batch_alter_table("journal") as batch:
        batch.drop_column("parent")
        batch.drop_column("first_step")
