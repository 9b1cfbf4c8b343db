"""Asynchronous successive halving: at each band the best `1/eta` go on, and nobody is waited for.

Li and others, "A System for Massively Parallel Hyperparameter Tuning" (2020); the variant that stops and never pauses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Count, CountOrZero, Section, number, one_of
from lightning_sweeps.sweeps.stopping_rules.rule import Evidence, Judgement, Resource, ranked


class AshaConfig(Section):
    """`early_terminate: {type: asha}`."""

    type: Annotated[Literal["asha"], BeforeValidator(one_of("asha"))]
    min: Count = 1
    max: Count | None = None
    eta: Annotated[float, BeforeValidator(number("a number > 1", check=lambda x: x > 1))] = 4
    min_trials: CountOrZero = 2
    resource: Resource = "report"

    def make(self) -> Asha:
        return Asha(self)


@dataclass(frozen=True, slots=True)
class Asha:
    """Judges at `min`, times `eta`, times `eta` squared, ... below `max`; the first `min_trials` at a band go on."""

    config: AshaConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        end = position if self.config.max is None else min(position, self.config.max - 1)
        found, band = [], float(self.config.min)
        while int(band) <= end:
            if int(band) > previous and int(band) not in found:
                found.append(int(band))
            band *= self.config.eta
        return tuple(found)

    def judge(self, evidence: Evidence) -> Judgement | None:
        reached = self.reached(evidence.previous, evidence.position)
        if not reached:
            return None
        value = evidence.values()[-1]
        at_band = [*evidence.others(reached[-1]), value]
        going_on = math.ceil(len(at_band) / self.config.eta) if len(at_band) > self.config.min_trials else len(at_band)
        return ranked(evidence, value, at_band, going_on, band=reached[-1])
