"""Every second of an agent is accounted for, once."""

from __future__ import annotations

from lightning_sweeps.agents.time_accounting import Ledger, describe


def test_every_second_goes_to_one_use() -> None:
    ledger = Ledger(gpus=2, since=100.0)
    ledger.turn_to("starts and ends of trials", now=104.0)
    for begin in (104.5, 115.0):
        ledger.turn_to("trials", now=begin)
        ledger.turn_to("starts and ends of trials", now=begin + 10)
    ledger.turn_to("no trial to be had", now=125.5)
    text = ledger.summary(now=126.0)
    assert sum(ledger.spent_s.values()) == 26.0
    assert text == (
        "2 trials took 77% of 26.0 s, 40 GPU seconds;"
        " the rest: 4.0 s imports; 1.5 s starts and ends of trials; 0.5 s no trial to be had"
    )


def test_an_agent_that_did_nothing_says_so() -> None:
    assert describe({}, trials=0, gpus=0) == "0 trials took 0% of 0.0 s"
