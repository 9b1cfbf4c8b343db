"""Adds the rules of alerts, with those that every server had until now, and the alerts that are on their way."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0013_alerts"
down_revision = "0012_growth"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FIRST_RULES = ("sweep_finished", "sweep_paused")


def upgrade() -> None:
    rules = op.create_table(
        "alert_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("sweep_id", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_alert_rule_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_rule"),
    )
    empty: dict[str, object] = {"project_id": None, "sweep_id": None, "options": {}, "channels": [], "created_by": ""}
    now = time.time()
    op.bulk_insert(rules, [{"id": name, "condition": name, "created": now, **empty} for name in FIRST_RULES])
    op.create_table(
        "alert",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.Double(), nullable=True),
        sa.Column("sent", sa.Double(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index("ix_alert_rule_id_key_channel", "alert", ["rule_id", "key", "channel"])
    op.create_index("ix_alert_next_try", "alert", ["next_try"])
    op.create_table(
        "alert_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_position"),
    )


def downgrade() -> None:
    for table in ("alert_position", "alert", "alert_rule"):
        op.drop_table(table)
