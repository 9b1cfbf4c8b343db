"""Adds what keeps costs from growing: of a lease and a report with the trials, of a batch with the keys of its run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_growth"
down_revision = "0011_repeats"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    op.add_column("sweep", sa.Column("tried_below", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True))
    op.add_column("trial", sa.Column("point_index", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True))
    op.add_column("report", sa.Column("sweep_id", sa.Text(), nullable=True))
    op.drop_index("ix_trial_sweep_id_state", "trial")
    op.create_index("ix_trial_sweep_id_state_discarded", "trial", ["sweep_id", "state", "discarded"])
    op.create_index("ix_trial_sweep_id_point_index", "trial", ["sweep_id", "point_index"])
    op.create_index("ix_trial_sweep_id_end_number", "trial", ["sweep_id", "end_number"])
    op.execute("UPDATE report SET sweep_id = (SELECT sweep_id FROM trial WHERE trial.id = report.trial_id)")
    op.create_index("ix_report_sweep_id_number_value_trial_id", "report", ["sweep_id", "number", "value", "trial_id"])
    made = op.create_table(
        "band_value",
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("band", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name="fk_band_value_trial_id"),
        sa.PrimaryKeyConstraint("trial_id", "band", name="pk_band_value"),
    )
    op.create_index(
        "ix_band_value_sweep_id_band_value_trial_id", "band_value", ["sweep_id", "band", "value", "trial_id"]
    )
    _fill(made)
    op.create_table(
        "last_value",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_last_value_run_id"),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_last_value"),
    )


def _fill(band_value: sa.Table) -> None:
    """Copy the values at bands from the state of each trial."""
    connection = op.get_bind()
    trial = sa.table("trial", sa.column("id"), sa.column("sweep_id"), sa.column("judged", sa.JSON))
    after = ""
    while True:
        asked = sa.select(trial.c.id, trial.c.sweep_id, trial.c.judged).where(trial.c.id > after)
        rows = connection.execute(asked.order_by(trial.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        after = rows[-1].id
        values = [
            {"trial_id": row.id, "band": int(band), "sweep_id": row.sweep_id, "value": value}
            for row in rows
            for band, value in row.judged.get("rungs", {}).items()
        ]
        if values:
            connection.execute(sa.insert(band_value), values)


def downgrade() -> None:
    op.drop_table("last_value")
    op.drop_table("band_value")
    op.drop_index("ix_report_sweep_id_number_value_trial_id", "report")
    for name in ("state_discarded", "point_index", "end_number"):
        op.drop_index(f"ix_trial_sweep_id_{name}", "trial")
    op.create_index("ix_trial_sweep_id_state", "trial", ["sweep_id", "state"])
    for table, column in (("sweep", "tried_below"), ("trial", "point_index"), ("report", "sweep_id")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
