"""The page of a sweep in a real browser with a real server."""

from __future__ import annotations

from lightning_sweeps.messages import SweepState
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, build_repeated_sweep, build_sweep, run_info

TRIALS = "[aria-label=Trials] .table-body .row"


def test_sweep_page_shows_progress_trials_and_agents(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.see("4 finished, 1 stopped, 1 running, 1 failed")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".drawing canvas") >= 1, what="parallel coordinates")
    page.wait(lambda: page.count(".chart canvas") >= 2, what="best so far and learning curves")
    page.wait(lambda: page.count(".slice canvas") == 3, what="a slice a parameter")
    page.see("ValueError: ")
    page.wait(lambda: page.count(".contour-dot") >= 5, what="a dot a trial over two parameters")
    assert page.count(".timeline-track .span") == 7
    assert "lightning-sweeps agent" in page.text(".add-agent")
    page.click(TRIALS + " button", "1")
    page.see("trial 0", ".detail")
    assert "trial=" in page.run("return location.search")


def test_brushing_an_axis_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".drawing canvas") >= 1, what="the axes")
    box = page.box(".drawing")
    x = box["x"] + box["width"] - 76  # the objective's axis, its best value on top
    top = box["y"] + 44
    page.drag((x, top - 4), (x, top + 20), (x, top + 60), (x, top + 100))
    page.wait(lambda: 0 < page.count(TRIALS) < 7, what="fewer trials")
    chosen = page.count(TRIALS)
    assert f"{chosen} of 7 trials" in page.text()
    assert page.count(".timeline-track .span.out") == 7 - chosen
    page.click(".chip")
    page.wait(lambda: page.count(TRIALS) == 7, what="all trials")
    assert page.count(".timeline-track .span.out") == 0


def test_searching_trials_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.type("[aria-label='Search trials']", "objective<=0.2 finished")
    page.wait(lambda: page.count(TRIALS) == 2, what="the two best that ran to their end")
    assert page.count(".timeline-track .span.out") == 5
    page.type("[aria-label='Search trials']", "layers=2 layers=3")
    page.see("No trial matches")
    page.click(".chip")
    page.wait(lambda: page.count(TRIALS) == 7, what="all trials")
    assert page.run("return location.search") == ""
    opened.go("/sweeps?find=tests")
    page.wait(lambda: page.count(".card") == 1, what="the sweep of that project")
    page.type("[aria-label='Search sweeps']", "nothing like it")
    page.see("No sweep matches")


def test_trial_details_link_to_the_run(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}?state=failed")
    page.wait(lambda: page.count(TRIALS) == 1, what="the failed one")
    page.click(".timeline-track .span.bad")
    page.see("Traceback", ".detail")
    page.press("Escape")
    page.wait(lambda: page.count(".detail") == 0, what="its end")
    assert "trial=" not in page.run("return location.search")
    page.click(f"{TRIALS} a", "its run")
    page.wait(lambda: page.run("return location.pathname") == "/runs/trial-run-5", what="its run")


def test_sweep_page_loads_only_changed_trials(opened: OpenDashboard) -> None:
    sweep = build_sweep(opened.client, "followed", "elsewhere")
    page = opened.go(f"/sweeps/{sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".chart canvas") >= 2, what="best so far and learning curves")
    (at_work,) = [trial for trial in opened.client.trials(sweep) if trial.state == "running"]
    sent = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/trials/changes'))"
    page.run("performance.clearResourceTimings()")
    info = run_info("late", project="elsewhere", sweep=sweep, trial=at_work.id, group=at_work.id)
    Writer(opened.client, info).log(10, **{"val/loss": 0.0125}).send()
    page.see("0.0125", TRIALS)
    page.see("0.0125", ".facts")
    assert "since=" in page.run(f"return {sent}[0].name")
    opened.client.set_sweep_state(sweep, "cancelled")
    page.see("cancelled", "h1")


def test_sweep_can_be_paused_and_resumed_and_a_trial_stopped(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")

    def is_now(state: SweepState) -> bool:
        return opened.client.sweep(opened.examples.sweep).state == state

    page.click("button", "Pause")
    page.wait(lambda: is_now("paused"), what="the pause")
    page.see("paused", "h1")
    page.click("button", "Resume")
    page.wait(lambda: is_now("running"), what="the end of the pause")
    page.click("button", "Cancel")
    page.see("Cancel this sweep?", "dialog[open]")
    page.click("dialog[open] button", "Keep running")
    assert is_now("running")
    (open_trial,) = [trial for trial in opened.client.trials(opened.examples.sweep) if trial.state == "running"]
    opened.go(f"/sweeps/{opened.examples.sweep}?trial={open_trial.id}")
    page.click(".detail button", "Stop this trial")
    page.wait(lambda: opened.client.trial(open_trial.id).state == "stopping", what="the stop")
    page.see("stopping", ".detail")


def test_a_point_folds_open_to_its_trials(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{build_repeated_sweep(opened.client)}")
    page.wait(lambda: page.count(TRIALS) == 2, what="a row for each point")
    page.see("2 points, 5")
    assert "1.5 ± 0.5 (3 of 3) ★" in page.text(TRIALS)
    page.wait(lambda: page.count(".slice canvas") == 1, what="a slice with a dot for each point")
    assert "of 2 trials by" in page.run("return document.querySelector('.slice canvas').ariaLabel")
    fold = "[aria-label='The trials of point 1']"
    page.click(fold)
    page.wait(lambda: page.count(TRIALS) == 5, what="the three trials of the point")
    page.click(".row-link")
    page.see("Trial 1", ".detail")
    page.click(fold)
    page.wait(lambda: page.count(TRIALS) == 2, what="the row folded again")
    page.type("[aria-label='Search trials']", "objective<2")
    page.wait(lambda: page.count(TRIALS) == 1, what="the best point")
    assert page.count(".timeline-track .span.out") == 2, "the trials of the other point"
    assert page.complaints() == []
