"""The terminal display of a running sweep."""

from __future__ import annotations

from rich.console import Console

from lightning_sweeps.cli.progress import SweepProgress, render, time_left
from lightning_sweeps.messages import Agent, Sweep, Trial, TrialState


def trial(number: int, state: TrialState, *, started: float | None = None, ended: float | None = None) -> Trial:
    objective = 0.25 if ended else None
    times = {"created": 0.0, "started": started, "ended": ended}
    return Trial(
        f"t{number}", "s", number, state, {"lr": 0.5}, 1, "a", objective, objective, 1, "", 0, "",
        created=times["created"] or 0.0, started=times["started"], ended=times["ended"],
    )  # fmt: skip


TRIALS = [trial(1, "finished", started=0, ended=60), trial(2, "running", started=60), trial(3, "pending")]
SWEEP = Sweep(
    "s", "p", "small", "", "running", "", "grid", "loss", "minimize", {}, None, 0.0, None,
    {"finished": 1, "running": 1, "pending": 1, "failed": 0}, TRIALS[0],
)  # fmt: skip
AGENTS = [Agent("a", "s", "host", "n", 1, 0, ["0"], "working", "t2", 1, 0.0, 80.0)]


def rendered(progress: SweepProgress) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(render(progress))
        return console.export_text()


def test_display_has_states_best_trial_slots_and_time_left() -> None:
    text = rendered(SweepProgress(SWEEP, TRIALS, AGENTS, 4, {0: "trial 2 starts"}, now=80.0))
    for part in ("1/4 trials", "1 finished, 1 running, 1 pending", "best: trial 1, loss 0.25 with lr=0.5"):
        assert part in text
    assert "host slot 0" in text
    assert "GPU 0" in text
    assert "trial 2 running for 20 s: lr=0.5" in text
    assert "0 failed" not in text


def test_time_left_is_the_remaining_work_divided_by_the_agents() -> None:
    progress = SweepProgress(SWEEP, TRIALS, AGENTS, 4, {}, now=80.0)
    assert time_left(progress) == "about 3 min left"  # two of 60 s, and 40 s of the one that runs
    assert time_left(SweepProgress(SWEEP, TRIALS, AGENTS, None, {}, now=80.0)) == ""
    assert time_left(SweepProgress(SWEEP, TRIALS[1:], AGENTS, 4, {}, now=80.0)) == ""
