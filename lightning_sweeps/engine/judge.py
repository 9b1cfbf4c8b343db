"""Stores a trial's values of the sweep's metric, and stops the trial if its stopping rule decides to.

`sweeps/report_judge.py` decides; this module loads what the decision needs and writes what follows from it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from lightning_sweeps import messages as m
from lightning_sweeps.engine import trials
from lightning_sweeps.engine.peers import StoredPeers, write_bands
from lightning_sweeps.errors import RuleFailed
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.missing_metric import NO_VALUE
from lightning_sweeps.sweeps.report_judge import LogRow, NewReport, ReportJudge
from lightning_sweeps.sweeps.trial_progress import TrialProgress

_log = logging.getLogger(__name__)

LATE_VALUES = "the rest of its values did not arrive"
"""How the reason of a trial begins that ended before its journals were there."""


@dataclass(frozen=True, slots=True)
class ReportSource:
    """The attempt of a trial that logged some rows.

    Attributes:
        attempt: the attempt; 0 if it is not known.
        resumed_step: the step from which it resumed a checkpoint; None if it started from the beginning.
        run_id: the run that it logs to.
    """

    attempt: int = 0
    resumed_step: int | None = None
    run_id: str = ""


def judge_rows(
    connection: Connection,
    trial: Row[Any],
    definition: SweepDefinition,
    rows: Sequence[LogRow],
    source: ReportSource,
) -> str:
    """Store the metric's values in `rows` and stop the trial if its rule decides to.

    Rows of an attempt that was given up may arrive late; they are ignored.

    Args:
        connection: the caller's transaction.
        trial: the trial, locked.
        definition: the sweep; it has a metric.
        rows: rows of one attempt, in order.
        source: the attempt that logged them.

    Returns:
        Why the metric's target is met; empty if it is not.
    """
    is_late = 0 < source.attempt < trial.attempt
    if trial.state == "pending" or is_late or not rows:
        return ""
    progress = TrialProgress.load(
        trial.judged,
        attempt=trial.attempt,
        count=trial.reports,
        best=trial.objective,
        last=trial.last_objective,
    )
    if progress.attempt < trial.attempt:
        kept = _drop_reports(connection, trial.id, source.resumed_step)
        progress.restart(trial.attempt, kept, goal=definition.goal)
    resource = definition.rule.config.resource if definition.rule is not None else "report"
    judge = ReportJudge(
        definition,
        progress,
        number=trial.number,
        started=_first_logged(connection, source) if resource == "seconds" else None,
        is_judged=_may_stop(trial),
        stored_values=cache(partial(_values_of, connection, trial.id)),  # read when a rule first asks for them
        peers=StoredPeers(connection, trial, sign=definition.sign, is_by_report=resource == "report"),
    )
    problem = ""
    for row in rows:
        try:
            judge.take(row)
        except RuleFailed as failed:  # the rows are stored all the same, and the trial continues
            if isinstance(failed.__cause__, SQLAlchemyError):
                raise failed.__cause__ from None
            if failed.message not in (problem, trial.reason):  # it fails again with every row
                _log.error("trial `%s` is not judged: %s", trial.id, failed, exc_info=failed.__cause__)
            problem = failed.message
    _write(connection, trial, definition, progress, judge, problem)
    return judge.target_reason


def _first_logged(connection: Connection, source: ReportSource) -> float | None:
    """Return when the attempt's first journal was created, by the clock of the machine that also dates the rows."""
    journal = schema.journal
    own = (journal.c.run_id == source.run_id) & (journal.c.rank == 0) & (journal.c.attempt == source.attempt)
    found: float | None = connection.scalar(select(func.min(journal.c.created)).where(own))
    return found


def _may_stop(trial: Row[Any]) -> bool:
    """Return whether a rule may still stop the trial. Its last rows are judged too if they arrive after its end."""
    return trial.state in ("leased", "running") or (trial.state == "ending" and not trial.ending["is_stopped"])


def _values_of(connection: Connection, trial_id: str) -> list[float]:
    table = schema.report
    query = select(table.c.value).where(table.c.trial_id == trial_id).order_by(table.c.number)
    return list(connection.scalars(query))


def _drop_reports(connection: Connection, trial_id: str, resumed_step: int | None) -> list[float]:
    """Delete the reports of earlier attempts, or those from the resumed step on; return the values that stay.

    The reports that stay are numbered from 1 again: where steps went back, deleting leaves gaps in the numbers.
    """
    table = schema.report
    is_own = table.c.trial_id == trial_id
    is_dropped = is_own if resumed_step is None else is_own & (table.c.step >= resumed_step)
    connection.execute(delete(table).where(is_dropped))
    kept = connection.scalars(select(table.c.number).where(is_own).order_by(table.c.number)).all()
    for number, before in enumerate(kept, start=1):
        if number != before:
            connection.execute(update(table).where(is_own, table.c.number == before).values(number=number))
    return _values_of(connection, trial_id)


def _write(
    connection: Connection,
    trial: Row[Any],
    definition: SweepDefinition,
    progress: TrialProgress,
    judge: ReportJudge,
    problem: str,
) -> None:
    if judge.reports:
        connection.execute(insert(schema.report), [_report_row(trial, report) for report in judge.reports])
    write_bands(connection, trial, {} if definition.rule is None else progress.band_values)
    changes: dict[str, object] = {
        "objective": progress.best,
        "last_objective": progress.last,
        "reports": progress.count,
        "judged": progress.dump(has_rule=definition.rule is not None),
    }
    metric = definition.metric
    is_late = bool(judge.reports) and trial.state in m.FINAL_TRIAL_STATES
    no_value = NO_VALUE.format("" if metric is None else metric.name)
    if is_late and (trial.reason.startswith(no_value) or trial.reason.startswith(LATE_VALUES)):
        changes["reason"] = ""  # the rows arrived after the end of the trial
    if problem:
        changes["reason"] = problem
    if judge.stop_reason:
        trials.order_stop(connection, trial, reason=judge.stop_reason, **changes)
    else:
        trials.change(connection, trial.id, **changes)


def _report_row(trial: Row[Any], report: NewReport) -> dict[str, object]:
    return {"trial_id": trial.id, "sweep_id": trial.sweep_id, **report._asdict()}
