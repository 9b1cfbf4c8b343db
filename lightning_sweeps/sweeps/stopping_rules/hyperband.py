"""W&B's `hyperband`: successive halving as a stopping rule, judged once per trial and band.

The bands and the threshold are those of W&B's open engine (the `sweeps` package). One difference, deliberate: a trial
is judged when its report number `band` arrives and never again, where W&B compares at every poll with everything that
arrived since, and so ends good trials that newcomers overtook. `compat: wandb` judges as W&B does, at each report of
the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.fields import Count, Section, Truth, number, one_of, refuse
from lightning_sweeps.sweeps.stopping_rules.rule import TYPES, Evidence, Judgement, Resource, ranked

DEFAULT_ETA = 3
MAX_BANDS = 100


class HyperbandConfig(Section):
    """`early_terminate: {type: hyperband}`."""

    type: Annotated[Literal["hyperband"], BeforeValidator(one_of(*TYPES))]
    min_iter: Count | None = None
    max_iter: Count | None = None
    s: Count | None = None
    eta: Annotated[float, BeforeValidator(number("a number > 1", check=lambda x: x > 1))] = DEFAULT_ETA
    strict: Truth = True
    resource: Resource = "report"
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

    def make(self) -> Hyperband:
        return Hyperband(self)


def bands(config: HyperbandConfig) -> tuple[int, ...]:
    """Return the report numbers at which trials are judged, ascending.

    `max_iter`, if given, is divided by `eta` up to `s` times; otherwise `min_iter` is multiplied by it.
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


@dataclass(frozen=True, slots=True)
class Hyperband:
    """Stops a trial whose value at a band is not among the best `1/eta` of all that got there."""

    config: HyperbandConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        return tuple(band for band in bands(self.config) if previous < band <= position)

    def judge(self, evidence: Evidence) -> Judgement | None:
        """Judge the report that reaches a band. `strict` looks at the value there, else at the best so far."""
        if self.config.compat == "wandb":
            return self._judge_again(evidence)
        reached = self.reached(evidence.previous, evidence.position)
        if not reached:
            return None
        values = evidence.values()
        at_band = [*evidence.others(reached[-1]), values[-1]]
        value = values[-1] if self.config.strict else min(values)
        return ranked(evidence, value, at_band, self._going_on(len(at_band)), band=reached[-1])

    def _judge_again(self, evidence: Evidence) -> Judgement | None:
        """Judge as W&B does at every poll: by the largest band reached, against all that got there since."""
        reached = self.reached(0, evidence.number)
        if not reached:
            return None
        band, values = reached[-1], evidence.values()
        at_band = [*evidence.others(band), values[band - 1]]
        value = values[band - 1] if self.config.strict else min(values)
        found = ranked(evidence, value, at_band, self._going_on(len(at_band)), band=band)
        return found if found.stop or evidence.number == band else None

    def _going_on(self, count: int) -> int:
        return int((1 / self.config.eta) * count) + 1
