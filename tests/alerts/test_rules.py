"""Which changes of a sweep raise an alert."""

from __future__ import annotations

from typing import get_args

import pytest

from lightning_sweeps.alerts.rules import alert_of
from lightning_sweeps.messages import Sweep, SweepState

URL = "http://127.0.0.1:8800/sweeps/s1"


def sweep(state: SweepState, reason: str = "") -> Sweep:
    return Sweep(
        id="s1",
        project="digits",
        name="lr",
        description="",
        state=state,
        reason=reason,
        method="grid",
        metric="loss",
        goal="minimize",
        config={},
        run_cap=None,
        created=1.0,
        ended=None,
        counts={"finished": 3, "failed": 0},
        best=None,
    )


def test_a_finished_sweep_raises_an_alert() -> None:
    alert = alert_of("running", sweep("finished", "every point of the space has been tried"), url=URL, now=5.0)
    assert alert is not None
    assert (alert.kind, alert.title) == ("sweep_finished", "Sweep `lr` has finished")
    assert alert.text == "every point of the space has been tried\nTrials: 3 finished."
    assert (alert.project, alert.sweep, alert.run, alert.url, alert.time) == ("digits", "s1", None, URL, 5.0)


def test_a_sweep_that_finished_before_it_was_ever_seen_raises_an_alert() -> None:
    assert alert_of(None, sweep("finished"), url=URL, now=5.0) is not None


def test_a_sweep_paused_by_failures_raises_an_alert_and_one_paused_by_a_person_does_not() -> None:
    alert = alert_of("running", sweep("paused", "3 trials in a row failed"), url=URL, now=5.0)
    assert alert is not None and alert.kind == "sweep_paused" and "3 trials in a row failed" in alert.text
    assert alert_of("running", sweep("paused"), url=URL, now=5.0) is None


@pytest.mark.parametrize("state", get_args(SweepState))
def test_an_unchanged_state_raises_no_alert(state: SweepState) -> None:
    assert alert_of(state, sweep(state, "a reason"), url=URL, now=5.0) is None


@pytest.mark.parametrize("state", ["running", "stopped", "cancelled"])
def test_a_change_by_a_person_raises_no_alert(state: SweepState) -> None:
    assert alert_of("paused", sweep(state), url=URL, now=5.0) is None
