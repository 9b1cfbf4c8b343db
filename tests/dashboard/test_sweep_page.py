"""The page of a sweep in a real browser with a real server."""

from __future__ import annotations

from lightning_sweeps.messages import SweepState
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, build_repeated_sweep, build_sweep, build_two_metrics, run_info

TRIALS = "[aria-label=Trials] .table-body .row"
AXES = ".parallel-axis"


def test_sweep_page_shows_progress_trials_and_agents(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.see("4 finished, 1 stopped, 1 running, 1 failed")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(AXES) == 4, what="parallel coordinates: three parameters and the objective")
    page.wait(lambda: page.count(".chart canvas") >= 2, what="best so far and learning curves")
    page.wait(lambda: page.count(".slice canvas") == 3, what="a slice a parameter")
    page.see("ValueError: ")
    page.wait(lambda: page.count(".contour-dots") == 1, what="a dot a trial over two parameters")
    assert "of 7 trials by" in page.run("return document.querySelector('.contour-dots').ariaLabel")
    page.wait(lambda: page.count(".timeline-track .span") == 7, what="the trials of the agents")
    assert "lightning-sweeps agent" in page.text(".add-agent")
    page.click(TRIALS + " button", "1")
    page.see("trial 0", ".detail")
    assert "trial=" in page.run("return location.search")


def test_brushing_an_axis_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(AXES) == 4, what="the axes")
    box = page.box(f"{AXES}:last-child .parallel-brush")  # the objective's axis, its best value on top
    x, top = box["x"] + box["width"] / 2, box["y"]
    page.drag((x, top + 2), (x, top + 20), (x, top + 60), (x, top + 100))
    page.wait(lambda: 0 < page.count(TRIALS) < 7, what="fewer trials")
    chosen = page.count(TRIALS)
    assert f"{chosen} of 7 trials" in page.text()
    page.wait(lambda: page.count(".timeline-track .span.out") == 7 - chosen, what="the other trials fainter")
    page.click(".chip")
    page.wait(lambda: page.count(TRIALS) == 7, what="all trials")
    page.wait(lambda: page.count(".timeline-track .span.out") == 0, what="all trials of the agents")


def test_axes_are_hidden_moved_and_flipped(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    names = f"return [...document.querySelectorAll('{AXES} .parallel-title span')].map((one) => one.innerText)"
    page.wait(lambda: page.run(names) == ["kind", "layers", "lr", "val/loss"], what="the axes")

    def choose(axis: str, text: str) -> None:
        page.click(f"[aria-label='Axis {axis}']")
        page.click(".parallel-axis [role=menuitem]", text)

    choose("layers", "Hide")
    page.wait(lambda: page.run(names) == ["kind", "lr", "val/loss"], what="one axis less")
    choose("kind", "Move right")
    page.wait(lambda: page.run(names) == ["lr", "kind", "val/loss"], what="the other order")
    choose("lr", "Linear")
    choose("lr", "Flip")
    shown = page.run("return decodeURIComponent(location.search)")
    assert all(part in shown for part in ("hidden=layers", "axes=lr,kind", "scale=lr", "flip=lr"))
    page.click(".chip", "layers +")
    page.wait(lambda: page.count(AXES) == 4, what="all axes")


def test_searching_trials_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.type("[aria-label='Search trials']", "objective<=0.2 finished")
    page.wait(lambda: page.count(TRIALS) == 2, what="the two best that ran to their end")
    page.wait(lambda: page.count(".timeline-track .span.out") == 5, what="the other trials fainter")
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
    page.wait(lambda: page.count(".timeline-track .span.out") == 2, what="the trials of the other point")
    assert page.complaints() == []


def test_several_metrics_have_a_front_and_a_choice_of_objective(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{build_two_metrics(opened.client)}")
    page.wait(lambda: page.count(TRIALS) == 9, what="nine trials")
    page.complaints()
    page.see("3 of 9 trials are beaten by no other one in loss, size")
    page.wait(lambda: page.count(".front-plot") == 1, what="the front")
    page.wait(lambda: page.count("[aria-label='Chart of Hypervolume'] canvas") == 1, what="the hypervolume")
    page.see("size", "[aria-label=Trials] .table-head")
    page.see("over 9 trials", ".importance")
    page.wait(lambda: page.count(".importance-row") == 2, what="both parameters")
    page.box("[aria-label='Chart of Rank of each trial']")  # charts are drawn when they are visible
    page.wait(lambda: page.count("[aria-label='Chart of Rank of each trial'] canvas") == 1, what="the ranks")
    page.run(
        "const choice = [...document.querySelectorAll('label')].find((one) => one.innerText.startsWith('objective'))"
        ".querySelector('select'); choice.value = 'size'; choice.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    page.see("best size", ".facts")
    page.see("maximize", ".facts")
    assert "objective=size" in page.run("return location.search")
    assert page.complaints() == []
