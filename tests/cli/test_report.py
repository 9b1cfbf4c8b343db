"""The report of a sweep that ran on a real server."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import optuna.importance  # noqa: F401  loads scikit-learn, which sets variables, before the leak check reads them
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from lightning_sweeps.cli import svg
from lightning_sweeps.cli.report_html import render
from lightning_sweeps.cli.report_text import build, lines
from lightning_sweeps.cli.status import print_sweep
from lightning_sweeps.messages import AgentRegister, SweepCreate, TrialEnd
from tests.engine.driver import TrialRun
from tests.servers import running_server

SWEEP = {
    "program": "train.py",
    "description": "a <b>first</b> look",
    "budget": {"gpu_hours": 5, "cost_per_gpu_hour": 2},
    "method": "grid",
    "metric": {"name": "loss"},
    "parameters": {"x": {"min": 1, "max": 10}},
    "early_terminate": {"type": "threshold", "upper": 80},
}


def test_a_report_names_best_stopped_and_failed_trials(tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as (client, _):
        sweep_id = client.create_sweep(SweepCreate(SWEEP, project="tests")).id
        agent = client.register_agent(sweep_id, AgentRegister("host", "node", 1, 0, ["0"])).agent.id
        while (trial := client.lease(agent, wait_s=5).trial) is not None:
            client.start_trial(agent, trial.id)
            if trial.params["x"] == 4:
                client.end_trial(agent, trial.id, TrialEnd("failed", 1, stderr_tail="MemoryError: no room\n"))
                continue
            TrialRun(client, trial).log({"loss": float(trial.params["x"] ** 2)})
            client.end_trial(agent, trial.id, TrialEnd("finished", 0))
        found = build(client.sweep(sweep_id), client.trials(sweep_id), client.agents(sweep_id))
        text, page = "\n".join(lines(found)), render(found, now=1.7e9)
    assert "- trial 1: 1 with x=1" in text
    assert "- trial 9: stopped at report 1: 81 is above 80" in text
    assert "- trial 4: MemoryError: no room" in text
    assert "- x: 100 %" in text
    assert "a <b>first</b> look" in text
    assert "- used of the budget: 10 trials, 0.00 GPU hours, 0.00 hours, cost 0.00" in text
    check_page(page)


def test_a_report_of_points_folds_open_to_their_trials(tmp_path: Path) -> None:
    space = {"parameters": {"x": {"values": [1, 2]}}, "repeats": 2, "early_terminate": None, "budget": None}
    config = {key: value for key, value in (SWEEP | space).items() if value is not None}
    with running_server(tmp_path / "server") as (client, _):
        sweep_id = client.create_sweep(SweepCreate(config, project="tests")).id
        agent = client.register_agent(sweep_id, AgentRegister("host", "node", 1, 0, ["0"])).agent.id
        while (trial := client.lease(agent, wait_s=5).trial) is not None:
            client.start_trial(agent, trial.id)
            TrialRun(client, trial).log({"loss": float(trial.params["x"] * trial.repeat)})
            client.end_trial(agent, trial.id, TrialEnd("finished", 0))
        sweep, trials, points = client.sweep(sweep_id), client.trials(sweep_id), client.sweep_points(sweep_id)
    found = build(sweep, trials, [], points=points)
    text, page = "\n".join(lines(found)), render(found, now=1.7e9)
    assert "## Best points (minimize loss)" in text
    assert "- point 1: 1.5 ± 0.71 (2 of 2) with x=1, trials 1, 2" in text
    assert page.index("<summary>point 1: finished, 1.5 ± 0.71 (2 of 2) with x=1</summary>") < page.index("<td>1</td>")
    assert page.count('class="error-bar"') == 4, "two points by number, and by x"
    assert page.count('class="best"') == 2
    console = Console(width=200, record=True, file=io.StringIO())
    print_sweep(console, sweep, trials, [], points=points)
    shown = console.export_text()
    assert "1 *     1, 2" in shown
    assert "Best: point 1, loss 1.5 ± 0.71 (2 of 2) with x=1" in shown
    folded = len(shown.splitlines())
    print_sweep(console, sweep, trials, [], points=points, has_repeats=True)
    assert len(console.export_text().splitlines()) == folded + 4


def check_page(page: str) -> None:
    """Check that the report is one file that needs no network and no script, and that it says everything."""
    assert not re.findall(r"https?://|<script|<link|src=|@import|url\(", page)
    assert "a &lt;b&gt;first&lt;/b&gt; look" in page, "what users wrote is text"
    assert "MemoryError: no room" in page
    assert "stopped at report 1: 81 is above 80" in page
    text = page.replace("<!doctype html>", "").replace('<meta charset="utf-8">', "")
    root = ElementTree.fromstring(text)  # noqa: S314  we wrote it
    charts = root.findall(".//svg")
    assert [chart.get("aria-label") for chart in charts] == ["trial", "importance", "x"]
    dots = [chart.findall("circle") for chart in charts]
    assert [len(found) for found in dots] == [9, 0, 9], "the failed trial has no value"
    assert [dot.get("class") for dot in dots[0]].count("best") == 1
    inside = [
        0 <= float(dot.get("cx", "-1")) <= svg.WIDTH and 0 <= float(dot.get("cy", "-1")) <= svg.HEIGHT
        for found in dots
        for dot in found
    ]
    assert all(inside)


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_an_axis_contains_its_values_and_has_few_labels(values: list[float]) -> None:
    axis = svg.PlotAxis.of(values)
    assert all(-1e-6 <= axis.place(value) <= 1 + 1e-6 for value in values)
    assert 2 <= len(axis.labels) <= 7
