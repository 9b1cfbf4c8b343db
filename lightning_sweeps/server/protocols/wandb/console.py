"""Corrects console lines that a client sends again: a progress bar rewrites its line."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from lightning_sweeps.server.protocols.wandb import rows
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.run_journals import Attempt
from lightning_sweeps.store import console_blocks, schema
from lightning_sweeps.store.column_values import text

_line = schema.console


def amend(caller: Caller, attempt: Attempt, first: int, lines: Sequence[str]) -> None:
    """Replace the stored lines whose text has changed.

    Args:
        caller: who sends them.
        attempt: the attempt that printed them.
        first: number of the first line in its file.
        lines: the lines.
    """
    journal_id = attempt.journal_id("output")
    is_repeated = (_line.c.sequence > first) & (_line.c.sequence <= first + len(lines))
    with caller.store.read() as connection:
        query = select(_line.c.id, _line.c.sequence, _line.c.line).where(
            _line.c.run_id == attempt.info.id, _line.c.journal_id == journal_id, is_repeated
        )
        known = connection.execute(query).all()
    changed = []
    for row in known:
        given = text(rows.console_record(lines[row.sequence - 1 - first], 0, now=0.0).line)
        if given != row.line:
            changed.append({"at_id": row.id, "line": given})
    if changed:
        with caller.store.write() as connection:
            connection.execute(update(_line).where(_line.c.id == bindparam("at_id")), changed)
            console_blocks.note_changed(connection, attempt.info.id, {row["at_id"]: row["line"] for row in changed})
