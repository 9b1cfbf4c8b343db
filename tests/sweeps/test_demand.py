"""Which waiting agents need a new suggestion, and when trials are prepared ahead."""

from __future__ import annotations

import pytest

from lightning_sweeps.sweeps.demand import prepares_ahead, unserved


@pytest.mark.parametrize(
    ("needed", "known", "lacking"),
    [
        ([], [], []),
        ([3], [], [3]),
        ([3], [3], []),
        ([3], [2], [3]),  # a result came after the suggestion
        ([3, 4], [3], [4]),  # the trial is for the agent that asked before the last result
        ([4, 3], [3, 4], []),
        ([3, 3], [5], [3]),
        ([2, 5], [4, 4], [5]),
    ],
)
def test_agents_without_a_trial_that_knows_enough(needed: list[int], known: list[int], lacking: list[int]) -> None:
    assert unserved(needed, known) == lacking


@pytest.mark.parametrize(
    ("fit_s", "durations_s", "agents", "ahead"),
    [
        (0.5, [10.0, 20.0, 30.0], 2, True),
        (0.4, [10.0, 20.0, 30.0], 2, False),
        (0.5, [10.0, 20.0, 30.0], 1, False),  # it would always lack the last result
        (0.5, [], 2, False),
        (0.2, [1.0], 2, False),
    ],
)
def test_trials_are_prepared_ahead_if_a_fit_costs_much(
    fit_s: float, durations_s: list[float], agents: int, *, ahead: bool
) -> None:
    assert prepares_ahead(fit_s=fit_s, durations_s=durations_s, agents=agents) is ahead
