"""A trial ends when its value leaves the bounds that the user gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.fields import CountOrZero, Number, Section, one_of, refuse
from lightning_sweeps.sweeps.stopping_rules.rule import Evidence, Judgement, Resource


class ThresholdConfig(Section):
    """`early_terminate: {type: threshold, upper: 10}`."""

    type: Annotated[Literal["threshold"], BeforeValidator(one_of("threshold"))]
    upper: Number | None = None
    lower: Number | None = None
    warmup: CountOrZero = 0
    resource: Resource = "report"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.upper is None and self.lower is None:
            raise refuse("has neither `upper` nor `lower`, allowed: one of them or both")
        return self

    def make(self) -> Threshold:
        return Threshold(self)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Stops a trial past `warmup` whose value, as it was logged, is above `upper` or below `lower`."""

    config: ThresholdConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        del previous, position
        return ()

    def judge(self, evidence: Evidence) -> Judgement | None:
        if evidence.position <= self.config.warmup:
            return None
        value = evidence.sign * evidence.values()[-1]
        upper, lower = self.config.upper, self.config.lower
        word = ""
        if upper is not None and value > upper:
            word = f"above {upper:g}"
        elif lower is not None and value < lower:
            word = f"below {lower:g}"
        if not word:
            return None
        return Judgement(
            evidence.number, stop=True, reason=f"stopped at report {evidence.number}: {value:.6g} is {word}"
        )
