"""The contract test of stopping rules.

Derive a class in your tests and override the fixture::

    class TestTooSlow(StoppingRuleContract):
        @pytest.fixture
        def rule(self) -> StoppingRule:
            return TooSlow(TooSlowConfig(type="too_slow", limit=3))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest

from lightning_sweeps.sweeps.stopping_rules import Judgement, RuleConfig, StoppingRule, TrialReport

N_TRIALS, N_REPORTS = 9, 30


@dataclass(frozen=True, slots=True)
class HistoryPeers:
    """Peers with known histories: all values of each trial, in order, lower is better."""

    histories: Sequence[Sequence[float]]

    def at_report(self, number: int) -> list[float]:
        """Return value `number` of each trial that has that many."""
        return [history[number - 1] for history in self.histories if len(history) >= number]

    def at_band(self, band: int) -> list[float]:
        """Return the value of report `band` of each trial that has that many."""
        return self.at_report(band)


def judge_histories(
    rule: StoppingRule,
    own: Sequence[float],
    others: Sequence[Sequence[float]] = (),
    *,
    position: float | None = None,
    previous: float | None = None,
) -> Judgement | None:
    """Return the rule's decision at the last value of a trial.

    Args:
        rule: the rule.
        own: all values of the trial, in order, lower is better.
        others: all values of the other trials.
        position: the trial's progress; None: its number of reports.
        previous: its progress at the report before; None: one report less.
    """
    report = TrialReport(
        number=len(own),
        values=lambda: list(own),
        show=lambda value: f"{value:g}",
        position=len(own) if position is None else position,
        previous=len(own) - 1 if previous is None else previous,
    )
    return rule.judge(report, HistoryPeers(others))


class StoppingRuleContract:
    """What every stopping rule guarantees. See `StoppingRule` for the contract in words."""

    @pytest.fixture
    def rule(self) -> StoppingRule:
        """Return the rule under test."""
        raise NotImplementedError("override the fixture `rule`")

    @pytest.fixture
    def histories(self) -> list[list[float]]:
        """Return the values of trials that get better at different rates."""
        rng = Random(7)
        return [[rank + 10 / (report + 1) + rng.random() for report in range(N_REPORTS)] for rank in range(N_TRIALS)]

    def test_the_config_is_an_instance_of_the_config_model(self, rule: StoppingRule) -> None:
        assert issubclass(rule.config_model, RuleConfig)
        assert isinstance(rule.config, rule.config_model)
        assert type(rule)(rule.config).config == rule.config

    def test_a_decision_has_a_band_and_a_reason_that_says_what_happens(
        self, rule: StoppingRule, histories: list[list[float]]
    ) -> None:
        for own in histories:
            others = [history for history in histories if history is not own]
            for number in range(1, N_REPORTS + 1):
                judgement = judge_histories(rule, own[:number], others)
                if judgement is None:
                    continue
                reached = rule.reached(number - 1, number)
                assert judgement.band >= 1
                assert rule.is_judged_again or judgement.band == (reached[-1] if reached else number)
                assert judgement.reason
                assert isinstance(judgement.stop, bool)

    def test_the_same_report_gets_the_same_decision(self, rule: StoppingRule, histories: list[list[float]]) -> None:
        own, *others = histories
        for number in range(1, N_REPORTS + 1):
            assert judge_histories(rule, own[:number], others) == judge_histories(rule, own[:number], others)

    def test_the_order_of_the_other_trials_does_not_matter(
        self, rule: StoppingRule, histories: list[list[float]]
    ) -> None:
        *others, own = histories
        for number in range(1, N_REPORTS + 1):
            judgement = judge_histories(rule, own[:number], others)
            assert judgement == judge_histories(rule, own[:number], others[::-1])

    def test_a_trial_without_others_is_judged_without_an_error(self, rule: StoppingRule) -> None:
        for number in range(1, N_REPORTS + 1):
            judge_histories(rule, [1.0 / report for report in range(1, number + 1)])

    def test_bands_are_ascending_and_each_is_reached_once(self, rule: StoppingRule) -> None:
        every = list(rule.reached(0, N_REPORTS))
        assert every == sorted(set(every))
        assert all(1 <= band <= N_REPORTS for band in every)
        one_by_one = [band for number in range(N_REPORTS) for band in rule.reached(number, number + 1)]
        assert one_by_one == every

    def test_a_nonfinite_value_stops_the_trial_or_not(self, rule: StoppingRule) -> None:
        assert {type(rule.stops_nonfinite(number)) for number in range(1, N_REPORTS + 1)} == {bool}
