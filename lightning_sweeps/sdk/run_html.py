"""Shows a run in a notebook cell, as the process that logs it knows it."""

from __future__ import annotations

from pathlib import Path

from lightning_sweeps.core.cells import facts_html, text_of
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.sdk.value_summary import ValueSummary

READ_TIMEOUT_S = 0.5
MOST_METRICS = 20


def run_html(run: RunInfo, journal: Path | None, *, page: str) -> str:
    """Return a run as an HTML table with the values that its process has logged until now.

    Args:
        run: The run.
        journal: The journal of the process; None if it writes none.
        page: Address of the run's page; empty if it is not known.
    """
    values = ValueSummary()
    if journal is not None and journal.exists():
        values.read(journal, timeout_s=READ_TIMEOUT_S)
    rank = f"{run.rank} of {run.world_size}" if run.world_size > 1 else ""
    facts = {"id": run.id, "project": run.project, "group": run.group, "rank": rank, "config": run.config}
    shown = {
        name: f"{text_of(metric.last)} (lowest {text_of(metric.lowest)}, highest {text_of(metric.highest)})"
        if values.is_whole
        else text_of(metric.last)
        for name, metric in list(values.metrics.items())[:MOST_METRICS]
    }
    return facts_html(
        f"Run {run.name}", facts | {"rows": str(values.rows) if values.is_whole else ""} | shown, link=page
    )
