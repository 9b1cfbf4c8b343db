"""Signatures of blocks of console lines, for the search."""

import sqlalchemy as sa
from alembic import op

revision = "0016_console_blocks"
down_revision = "0015_mlflow"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "console_block",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("last_id", Big, nullable=False, autoincrement=False),
        sa.Column("after_id", Big, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_console_block_run_id"),
        sa.PrimaryKeyConstraint("run_id", "last_id", name="pk_console_block"),
    )


def downgrade() -> None:
    op.drop_table("console_block")
