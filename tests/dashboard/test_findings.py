"""What a researcher found wrong in the dashboard: each finding is a test, here or elsewhere, or has a reason.

The findings are numbered A1 to A28. `FINDINGS` names the tests of each. `LEFT_OUT` says what is not mended, and why.
"""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.journal.records import RunInfo
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, run_info
from tests.dashboard.named_tests import missing_tests

FINDINGS = {
    "A1 a metric logged once is drawn": ["test_true_values::test_a_value_that_was_logged_once_is_a_dot"],
    "A2 configuration is shown as it is": [
        "test_true_values::test_configuration_is_shown_as_it_is_and_rounded_values_are_copied_whole"
    ],
    "A3 ticks differ": ["dashboard/src/base/tickTexts.test.ts", "dashboard/src/charts/clockAxis.test.ts"],
    "A4 buttons say what they end": ["test_sweep_page::test_sweep_can_be_paused_and_resumed_and_a_trial_stopped"],
    "A5 axes follow the declared distribution": [
        "dashboard/src/sweep/score.test.ts",
        "test_sweep_page::test_axes_are_hidden_moved_and_flipped",
    ],
    "A6 several metrics": ["test_sweep_page::test_several_metrics_have_a_front_and_a_choice_of_objective"],
    "A7 the address outlives a restart": ["test_restart::test_an_open_page_shows_what_a_restarted_server_gets"],
    "A8 an open table reads what changed": ["test_runs_page::test_an_open_table_reads_only_what_changed"],
    "A9 runs are grouped by anything": [
        "test_choosing::test_seeds_are_averaged_in_one_click",
        "test_choosing::test_runs_are_grouped_by_a_key_of_old_runs",
    ],
    "A10 all runs can be chosen and told apart": [
        "test_choosing::test_runs_are_chosen_as_ranges_and_as_all_of_a_view",
        "test_true_values::test_runs_of_the_same_name_are_told_apart",
    ],
    "A11 losses come first among columns": ["test_findings::test_first_columns_are_losses_and_the_sweeps_metric"],
    "A12 columns of old runs can be chosen": ["test_runs_page::test_filters_are_completed_and_made_from_cells"],
    "A13 the last value is the logged one": [
        "test_findings::test_the_last_value_under_a_smooth_chart_is_the_logged_one"
    ],
    "A14 folding belongs to one part": ["test_findings::test_folded_groups_stay_folded_behind_folded_charts"],
    "A15 filters are completed and explained": ["test_runs_page::test_filters_are_completed_and_made_from_cells"],
    "A16 parallel coordinates": [
        "test_sweep_page::test_axes_are_hidden_moved_and_flipped",
        "dashboard/src/sweep/parallelLines.test.ts",
    ],
    "A17 importance ranks, also pairs": ["test_sweep_model::test_pairs_that_decide_together_are_listed"],
    "A18 wall clocks have dates": ["dashboard/src/charts/clockAxis.test.ts"],
    "A19 arrows of sorted columns": ["test_findings::test_arrows_say_how_trials_are_sorted"],
    "A20 a click on a row opens it": ["test_findings::test_a_click_on_a_row_opens_its_trial"],
    "A21 live rows hold still": ["test_true_values::test_rows_that_are_held_keep_their_places"],
    "A22 the whole console": [
        "test_console::test_all_lines_of_a_long_console_can_be_reached",
        "test_console::test_states_of_a_progress_bar_are_folded",
        "dashboard/src/base/terminal.test.ts",
    ],
    "A23 missing times are dashes": ["test_findings::test_a_rank_with_one_row_has_no_pace"],
    "A24 spikes are seen": ["test_charts::test_a_spike_is_visible_and_zooms_to_single_points"],
    "A26 media by step": ["test_contents::test_every_kind_of_media_is_shown_by_step"],
    "A27 configurations side by side": ["test_choosing::test_runs_are_compared_side_by_side"],
    "A28 small things": [
        "test_findings::test_failures_of_many_trials_are_one_line",
        "test_runs_page::test_keyboard_alone_suffices",
    ],
}

LEFT_OUT = {
    "A25 straight lines wobble": "lines are no longer rounded to pixels (`pxAlign: 0` in plotOptions.ts), which a test "
    "of pixels would only repeat; the benchmark of charts draws its comparison the same way",
    "A26 plotly and vega figures, media of several runs, ridges, PR and ROC": "not built; docs/dashboard.md says so",
    "A28 the x axis of results by trial number": "the plot of ranks has it; the best value so far goes by time",
}


def test_every_finding_has_a_test_or_a_reason() -> None:
    numbers = {name.split()[0] for name in [*FINDINGS, *LEFT_OUT]}
    assert numbers == {f"A{number}" for number in range(1, 29)}
    assert missing_tests(one for tests in FINDINGS.values() for one in tests) == []


def test_first_columns_are_losses_and_the_sweeps_metric(opened: OpenDashboard) -> None:
    values = {f"eval/gsm8k@{at}": 1.0 for at in range(20)} | {f"val_per_class/{at}": 1.0 for at in range(20)}
    run = Writer(opened.client, run_info("wide", project="wide"))
    run.row(1, values | {"val/loss": 0.5, "train/loss": 0.7}).finish().send()
    page = opened.go("/runs?project=wide")
    page.see("val/loss", ".table-head")
    heads = page.run("return [...document.querySelectorAll('.head')].map((one) => one.innerText.trim())")
    metrics = [head for head in heads if "/" in head]
    assert metrics[0] == "val/loss" and "train/loss" in metrics[:3], heads


def test_the_last_value_under_a_smooth_chart_is_the_logged_one(opened: OpenDashboard) -> None:
    run = Writer(opened.client, run_info("falling", project="falling"))
    for step in range(50):
        run.log(step, loss=1 / (step + 1))
    run.finish().send()
    page = opened.go("/runs?project=falling&view=Charts&chart=loss&smooth=0.9")
    page.wait(lambda: page.count(".legend tbody tr") == 1, what="the table below the chart")
    page.see("0.02", ".legend")


def test_folded_groups_stay_folded_behind_folded_charts(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&fold=on&find=ddp")
    page.see("1 groups", ".toolbar")
    page.click("[data-tab=Charts]")
    page.click(".chart-group h3 button")
    page.wait(lambda: "closed=" in page.run("return location.search"), what="the closed section in the address")
    page.click("[data-tab=Table]")
    page.see("1 groups", ".toolbar")
    assert "fold=on" in page.run("return location.search")[1:].split("&")


def maximized(opened: OpenDashboard) -> str:
    """Make a sweep of three trials that maximizes `acc`."""
    client = opened.client
    config = {
        "program": "train.py",
        "method": "grid",
        "metric": {"name": "acc", "goal": "maximize"},
        "parameters": {"x": {"values": [1, 2, 3]}},
    }
    sweep = client.create_sweep(m.SweepCreate(config, project="maximized")).id
    agent = client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, 0, ["0"])).agent
    for _ in range(3):
        trial = client.lease(agent.id, wait_s=5).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        info = RunInfo(f"max-{trial.id}", "maximized", "max", trial.id, sweep=sweep, trial=trial.id)
        Writer(client, info).log(1, acc=trial.params["x"] / 10).finish().send()
        client.end_trial(agent.id, trial.id, m.TrialEnd("finished", 0))
    return sweep


TRIAL_ROWS = "[aria-label=Trials] .table-body .row"


def test_arrows_say_how_trials_are_sorted(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{maximized(opened)}")
    page.wait(lambda: page.count(TRIAL_ROWS) == 3, what="three trials")
    assert "0.3" in page.text(TRIAL_ROWS)
    order = "return document.querySelector('[aria-label=Trials] [aria-sort$=ending]').ariaSort"
    assert page.run(order) == "descending"


def test_a_click_on_a_row_opens_its_trial(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIAL_ROWS) == 7, what="seven trials")
    page.click(f"{TRIAL_ROWS} .cell:last-child")
    page.wait(lambda: page.count(".detail") == 1, what="the details")
    assert "trial=" in page.run("return location.search")


def test_a_rank_with_one_row_has_no_pace(opened: OpenDashboard) -> None:
    for rank in (0, 1):
        info = run_info(f"slow-{rank}", project="slow", group="slow", rank=rank, world_size=2)
        run = Writer(opened.client, info)
        for step in range(1 if rank else 50):
            run.row(step, {"train/loss": 1.0})
        run.finish().send()
    page = opened.go("/groups/slow/slow?view=Pace")
    page.see("Behind the first rank")
    assert "rank 1 0 s" not in page.text("main").replace("\n", " ")


def test_failures_of_many_trials_are_one_line(opened: OpenDashboard) -> None:
    count = 40
    client = opened.client
    config = {
        "program": "train.py",
        "method": "random",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"x": {"min": 0.0, "max": 1.0}},
        "max_failures": 1000,
    }
    sweep = client.create_sweep(m.SweepCreate(config, project="failing")).id
    agent = client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, 0, ["0"])).agent
    for _ in range(count):
        trial = client.lease(agent.id, wait_s=5).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        client.end_trial(agent.id, trial.id, m.TrialEnd("failed", 1, stderr_tail="Traceback\nValueError: no data"))
    page = opened.go(f"/sweeps/{sweep}")
    page.see("ValueError: no data")
    page.click("button", "28 more")
    page.wait(lambda: page.count(".plain .quiet.small") == count, what="a button for each trial")
