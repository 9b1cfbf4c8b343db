"""A trial is compared with itself: it ends when it no longer gets better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Count, CountOrZero, NotNegative, Section, one_of
from lightning_sweeps.sweeps.stopping_rules.rule import Evidence, Judgement, Resource


class PatienceConfig(Section):
    """`early_terminate: {type: patience, reports: 5}`."""

    type: Annotated[Literal["patience"], BeforeValidator(one_of("patience"))]
    reports: Count = 5
    min_delta: NotNegative = 0
    warmup: CountOrZero = 0
    resource: Resource = "report"

    def make(self) -> Patience:
        return Patience(self)


@dataclass(frozen=True, slots=True)
class Patience:
    """Stops a trial whose last `reports` values improved on the best one before by no more than `min_delta`."""

    config: PatienceConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        del previous, position
        return ()

    def judge(self, evidence: Evidence) -> Judgement | None:
        wait = self.config.reports
        if evidence.position <= self.config.warmup or evidence.number <= wait:
            return None
        values = evidence.values()
        before, since = min(values[:-wait]), min(values[-wait:])
        if since < before - self.config.min_delta:
            return None
        words = f"no value better than {evidence.show(before)} in the last {wait} reports"
        return Judgement(evidence.number, stop=True, reason=f"stopped at report {evidence.number}: {words}")
