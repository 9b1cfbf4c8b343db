"""What MLflow clients need: their newest requests, and what they say of experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0015_mlflow"
down_revision = "0014_artifact_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("project", sa.Column("experiment", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "taken_request",
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name="fk_taken_request_journal_id"),
        sa.PrimaryKeyConstraint("journal_id", name="pk_taken_request"),
    )


def downgrade() -> None:
    op.drop_table("taken_request")
    with op.batch_alter_table("project") as batch:
        batch.drop_column("experiment")
