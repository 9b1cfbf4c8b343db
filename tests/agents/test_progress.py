"""The table that a notebook shows while an agent runs trials."""

from __future__ import annotations

from dataclasses import replace

from lightning_sweeps.agents.function.progress import ProgressTable, is_notebook
from lightning_sweeps.messages import TrialEnd
from tests.core.test_cells import SWEEP, TRIAL


def test_the_table_follows_the_trials() -> None:
    table = ProgressTable(SWEEP, 4)
    assert repr(table) == "sweep <b>: 0 of 4 trials done"
    for number, loss in ((1, 0.5), (2, 0.25), (3, None)):
        trial = replace(TRIAL, number=number, objective=loss, params={"state": "x", "lr": 0.1})
        table.start(trial)
        assert "running since" in table._repr_html_()
        table.end(trial, TrialEnd("finished", 0))
        table.close(trial)
    assert repr(table) == "sweep <b>: 3 of 4 trials done; best loss 0.25 in trial 2"
    html = table._repr_html_()
    assert '<progress value="3" max="4">' in html and "params.state" in html and "&lt;b&gt;" in html


def test_the_table_shows_the_last_trials() -> None:
    table = ProgressTable(SWEEP, None)
    for number in range(1, 15):
        table.start(replace(TRIAL, number=number))
    assert "and 4 earlier trials" in table._repr_html_() and "<progress" not in table._repr_html_()


def test_a_test_is_no_notebook() -> None:
    assert not is_notebook()
