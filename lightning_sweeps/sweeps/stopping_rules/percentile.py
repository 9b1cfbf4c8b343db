"""A trial is compared at every report with what the others had at the same number of reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Count, CountOrZero, Section, number, one_of
from lightning_sweeps.sweeps.stopping_rules.rule import Evidence, Judgement, Resource


class MedianConfig(Section):
    """`early_terminate: {type: median}`: stop what is worse than half of the others."""

    type: Annotated[Literal["median"], BeforeValidator(one_of("median"))]
    min_trials: Count = 5
    warmup: CountOrZero = 0
    resource: Resource = "report"

    @property
    def keep(self) -> float:
        return 50.0

    def make(self) -> Percentile:
        return Percentile(self)


class PercentileConfig(Section):
    """`early_terminate: {type: percentile, keep: 25}`: stop what is not among the best `keep` percent."""

    type: Annotated[Literal["percentile"], BeforeValidator(one_of("percentile"))]
    keep: Annotated[float, BeforeValidator(number("a number from 0 to 100", check=lambda x: 0 < x < 100))] = 25.0
    min_trials: Count = 5
    warmup: CountOrZero = 0
    resource: Resource = "report"

    def make(self) -> Percentile:
        return Percentile(self)


@dataclass(frozen=True, slots=True)
class Percentile:
    """Judges the best value so far, once `min_trials` others have got as far and the trial is past `warmup`."""

    config: MedianConfig | PercentileConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        del previous, position
        return ()

    def judge(self, evidence: Evidence) -> Judgement | None:
        if evidence.position <= self.config.warmup:
            return None
        others = sorted(evidence.others(evidence.number))
        if len(others) < self.config.min_trials:
            return None
        best = min(evidence.values())
        threshold = others[min(int(self.config.keep / 100 * len(others)), len(others) - 1)]
        stop = best > threshold
        verb = "stopped" if stop else "goes on"
        limit = f"{evidence.show(threshold)}, the best {self.config.keep:g} % of {len(others)} others"
        return Judgement(
            evidence.number, stop, f"{verb} at report {evidence.number}: {evidence.show(best)} against {limit}"
        )
