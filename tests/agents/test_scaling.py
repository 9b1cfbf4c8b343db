"""How many jobs a sweep needs: decisions about values."""

from __future__ import annotations

import pytest

from lightning_sweeps.agents.launchers.base import Job
from lightning_sweeps.agents.launchers.scaling import Demand, JobChange, Scale, decide, parse_scale
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SweepState


def demand(trials: int | None, *, state: SweepState = "running", idle: int = 0, slots: int = 1) -> Demand:
    return Demand(state, trials, idle, slots)


def jobs(*, running: int = 0, waiting: int = 0, ended: int = 0) -> list[Job]:
    states = ["finished"] * ended + ["running"] * running + ["pending"] * waiting
    return [Job(str(number), state) for number, state in enumerate(states)]  # type: ignore[arg-type]


def test_limits_are_read() -> None:
    assert parse_scale("0..32") == Scale(0, 32)


@pytest.mark.parametrize("text", ["", "32", "4..2", "0..0", "-1..3", "0..x", "0-32"])
def test_other_limits_are_rejected_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"`--scale .*` was given, allowed: two numbers.*0\.\.32"):
        parse_scale(text)


@pytest.mark.parametrize(
    ("scale", "wanted", "there", "change"),
    [
        (Scale(0, 8), demand(5), jobs(), JobChange(submit=5)),
        (Scale(0, 8), demand(50), jobs(), JobChange(submit=8)),
        (Scale(0, 8), demand(50), jobs(running=2, waiting=3, ended=9), JobChange(submit=3)),
        (Scale(0, 8), demand(5, slots=2), jobs(), JobChange(submit=3)),
        (Scale(2, 8), demand(0), jobs(running=1), JobChange(submit=1)),
        (Scale(0, 8), demand(2), jobs(running=2, waiting=2), JobChange(cancel=("3", "2"))),
        (Scale(0, 8), demand(1), jobs(running=3), JobChange()),
        (Scale(0, 8), demand(3), jobs(running=3, waiting=1), JobChange(cancel=("3",))),
        (Scale(0, 4), demand(None), jobs(running=1), JobChange(submit=3)),
        (Scale(0, 4), demand(None, idle=1), jobs(running=2), JobChange()),
        (Scale(0, 4), demand(9, state="paused"), jobs(running=1), JobChange()),
        (Scale(2, 4), demand(9, state="finished"), jobs(running=1, waiting=1), JobChange(cancel=("1",))),
        (Scale(2, 4), demand(9, state="cancelled"), jobs(), JobChange()),
    ],
)
def test_as_many_jobs_as_there_are_trials(scale: Scale, wanted: Demand, there: list[Job], change: JobChange) -> None:
    assert decide(scale, wanted, there) == change
