"""Adds what is known about the end of a trial and about the choice of its parameter set."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0002_trial_ends"
down_revision = "0001_initial"
branch_labels = None
depends_on = None

COLUMNS = (
    ("ending", sa.JSON(none_as_null=True)),
    ("end_number", sa.Integer()),
    ("chosen_by", sa.Text()),
    ("known_ends", sa.Integer()),
    ("unseen_ends", sa.Integer()),
)
ENDED = ("finished", "stopped", "failed", "lost", "preempted")


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("trial", sa.Column(name, kind, nullable=True))
    _number_ended_trials()


def _number_ended_trials() -> None:
    names = ("id", "sweep_id", "number", "state", "ended", "end_number")
    trial = sa.table("trial", *[sa.column(name) for name in names])
    ended = sa.select(trial.c.id, trial.c.sweep_id).where(trial.c.state.in_(ENDED), trial.c.ended.is_not(None))
    counts: Counter[str] = Counter()
    numbers = []
    for trial_id, sweep_id in op.get_bind().execute(ended.order_by(trial.c.ended, trial.c.number)).all():
        counts[sweep_id] += 1
        numbers.append({"at_id": trial_id, "place": counts[sweep_id]})
    if numbers:
        update = sa.update(trial).where(trial.c.id == sa.bindparam("at_id")).values(end_number=sa.bindparam("place"))
        op.get_bind().execute(update, numbers)
