"""Adds earlier attempts of trials, trials that users discard or run again, and continued sweeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_sweep_life"
down_revision = "0003_rejections_and_histories"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("sweep", "search_end", sa.Text),
    ("sweep", "search_changes", sa.Integer),
    ("sweep", "continued_at", sa.Integer),
    ("trial", "discarded", sa.Boolean),
)


def upgrade() -> None:
    op.create_table(
        "trial_attempt",
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("stderr_tail", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("objective", sa.Double(), nullable=True),
        sa.Column("last_objective", sa.Double(), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=True),
        sa.Column("gpu_s", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_trial_attempt_trial_id")),
        sa.PrimaryKeyConstraint("trial_id", "number", name=op.f("pk_trial_attempt")),
    )
    for table, column, kind in _COLUMNS:
        op.add_column(table, sa.Column(column, kind(), nullable=True))


def downgrade() -> None:
    op.drop_table("trial_attempt")
    for table, column, _ in reversed(_COLUMNS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
