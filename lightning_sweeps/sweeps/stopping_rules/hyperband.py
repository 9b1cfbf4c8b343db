"""W&B's `hyperband`: successive halving that stops trials, judged once for each trial and band.

Li and others, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (2018). The bands and the
threshold are those of W&B's open source engine (the package `sweeps`). There is one deliberate difference. Here a trial
is judged when its report number `band` arrives, and never again. W&B compares at every poll with everything that has
arrived since, and so stops good trials that newer ones overtook. `compat: wandb` judges as W&B does, at each report.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.fields import Count, Truth, number, one_of, refuse
from lightning_sweeps.sweeps.stopping_rules.rule import (
    Judgement,
    Peers,
    RuleConfig,
    StoppingRule,
    TrialReport,
    judge_rank,
    rankable,
)

DEFAULT_ETA = 3
MAX_BANDS = 100


class HyperbandConfig(RuleConfig):
    """`early_terminate: {type: hyperband}`."""

    type: Literal["hyperband"]
    min_iter: Count | None = None
    max_iter: Count | None = None
    s: Count | None = None
    eta: Annotated[float, BeforeValidator(number("a number > 1", check=lambda x: x > 1))] = DEFAULT_ETA
    strict: Truth = True
    compat: Annotated[Literal["wandb"] | None, BeforeValidator(one_of("wandb", None))] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max_iter is None and self.min_iter is None:
            raise refuse("has neither `min_iter` nor `max_iter`, allowed: `min_iter`, or `max_iter` with `s`")
        if self.max_iter is not None and self.s is None:
            raise refuse("has `max_iter` without `s`, allowed: `max_iter` with `s` (the number of bands)")
        if self.compat is not None and self.resource != "report":
            raise refuse(f"has `compat: wandb` with `resource: {self.resource}`, allowed: `resource: report` only")
        if not bands(self):
            raise refuse(f"has no band: `max_iter` {self.max_iter} / `eta` {self.eta:g} is below 1")
        return self


def bands(config: HyperbandConfig) -> tuple[int, ...]:
    """Return the report numbers at which trials are judged, ascending.

    With `max_iter` the bands are `max_iter` divided by `eta` up to `s` times. Otherwise they are `min_iter`, repeatedly
    multiplied by `eta`.
    """
    if config.max_iter is not None:
        down: list[int] = []
        band = float(config.max_iter)
        for _ in range(min(config.s or 0, MAX_BANDS)):
            band /= config.eta
            if band < 1:
                break
            down.append(int(band))
        return tuple(sorted(set(down)))
    up: set[int] = set()
    band = float(config.min_iter or 1)
    for _ in range(MAX_BANDS):
        if band > 2**62:
            break
        up.add(int(band))
        band *= config.eta
    return tuple(sorted(up))


class Hyperband(StoppingRule):
    """Stops a trial whose value at a band is not among the best `1 / eta` of all trials that reached the band."""

    config_model = HyperbandConfig
    config: HyperbandConfig

    @property
    def is_judged_again(self) -> bool:
        return self.config.compat == "wandb"

    def stops_nonfinite(self, number: int) -> bool:
        return bool(self.reached(number - 1, number))

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        return tuple(band for band in bands(self.config) if previous < band <= position)

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        """Judge the report that reaches a band. `strict` compares the value there, otherwise the best value so far."""
        if self.is_judged_again:
            return self._judge_again(report, peers)
        reached = self.reached(report.previous, report.position)
        if not reached:
            return None
        values = report.values()
        return self._judge_at(report, peers, values[-1], band=reached[-1])

    def _judge_again(self, report: TrialReport, peers: Peers) -> Judgement | None:
        """Judge as W&B does at every poll: by the largest band reached, against all trials that have reached it."""
        reached = self.reached(0, report.number)
        if not reached:
            return None
        band, values = reached[-1], report.values()
        judgement = self._judge_at(report, peers, values[band - 1], band=band)
        return judgement if judgement.stop or report.number == band else None

    def _judge_at(self, report: TrialReport, peers: Peers, own: float, *, band: int) -> Judgement:
        others = rankable(peers.at_band(band))
        value = own if self.config.strict else min(report.values())
        return judge_rank(report, value, others, self._n_continue(len(others) + 1), own=own, band=band)

    def _n_continue(self, count: int) -> int:
        return int((1 / self.config.eta) * count) + 1
