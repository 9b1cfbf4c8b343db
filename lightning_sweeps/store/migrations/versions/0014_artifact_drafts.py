"""Adds what artifacts of wandb clients need: uploads in progress, and the MD5 of contents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_artifact_drafts"
down_revision = "0013_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blob", sa.Column("md5", sa.Text(), nullable=True))
    op.create_index("ix_blob_md5", "blob", ["md5"])
    op.create_table(
        "artifact_draft",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("given", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entries", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("artifact_id", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifact_draft"),
    )
    op.create_index("ix_artifact_draft_client_id", "artifact_draft", ["client_id"])
    op.create_index("ix_artifact_draft_artifact_id", "artifact_draft", ["artifact_id"])
    op.create_table(
        "draft_blob",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["artifact_draft.id"], name="fk_draft_blob_draft_id"),
        sa.PrimaryKeyConstraint("draft_id", "digest", name="pk_draft_blob"),
    )
    op.create_index("ix_draft_blob_digest", "draft_blob", ["digest"])


def downgrade() -> None:
    op.drop_table("draft_blob")
    op.drop_table("artifact_draft")
    op.drop_index("ix_blob_md5", "blob")
    with op.batch_alter_table("blob") as batch:
        batch.drop_column("md5")
