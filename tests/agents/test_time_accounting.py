"""Every second of an agent belongs to one activity."""

from __future__ import annotations

from lightning_sweeps.agents.time_accounting import TimeAccounting, describe


def test_every_second_belongs_to_one_activity() -> None:
    accounting = TimeAccounting(gpus=2, since=100.0)
    accounting.switch_to("starting and ending trials", now=104.0)
    for begin in (104.5, 115.0):
        accounting.switch_to("trials", now=begin)
        accounting.switch_to("starting and ending trials", now=begin + 10)
    accounting.switch_to("waiting for a trial", now=125.5)
    text = accounting.summary(now=126.0)
    assert sum(accounting.spent_s.values()) == 26.0
    assert text == (
        "2 trials took 77% of 26.0 s, 40 GPU seconds;"
        " the rest: 4.0 s imports; 1.5 s starting and ending trials; 0.5 s waiting for a trial"
    )


def test_the_summary_of_an_agent_without_trials() -> None:
    assert describe({}, trials=0, gpus=0) == "0 trials took 0% of 0.0 s"
