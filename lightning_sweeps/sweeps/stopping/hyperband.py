"""W&B's `hyperband`: successive halving as a stopping rule, judged once per trial and band.

The bands and the threshold are those of W&B's open engine (the `sweeps` package). One difference, deliberate: a trial
is judged when its report number `band` arrives and never again, where W&B compares at every poll with everything that
arrived since, and so ends good trials that newcomers overtook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.fields import Count, Section, Truth, number, one_of, refuse
from lightning_sweeps.sweeps.stopping.rule import Evidence, Judgement

DEFAULT_ETA = 3
MAX_BANDS = 100


class HyperbandConfig(Section):
    """`early_terminate: {type: hyperband}`."""

    type: Annotated[Literal["hyperband"], BeforeValidator(one_of("hyperband"))]
    min_iter: Count | None = None
    max_iter: Count | None = None
    s: Count | None = None
    eta: Annotated[float, BeforeValidator(number("a number > 1", check=lambda x: x > 1))] = DEFAULT_ETA
    strict: Truth = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max_iter is None and self.min_iter is None:
            raise refuse("has neither `min_iter` nor `max_iter`, allowed: `min_iter`, or `max_iter` with `s`")
        if self.max_iter is not None and self.s is None:
            raise refuse("has `max_iter` without `s`, allowed: `max_iter` with `s` (the number of bands)")
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

    def is_band(self, number: int) -> bool:
        return number in bands(self.config)

    def judge(self, evidence: Evidence) -> Judgement | None:
        """Judge the report if its number is a band. `strict` looks at the value there, else at the best so far."""
        if not self.is_band(evidence.number):
            return None
        values = evidence.values()
        at_band = sorted([*evidence.others(evidence.number), values[-1]])
        going_on = int((1 / self.config.eta) * len(at_band))
        threshold = at_band[going_on]
        value = values[-1] if self.config.strict else min(values)
        rank = 1 + sum(other < value for other in at_band)
        best = "the best goes on" if going_on == 0 else f"the best {going_on + 1} go on"
        stop = value > threshold
        verb = "stopped" if stop else "goes on"
        place = f"{evidence.show(value)} ranks {ordinal(rank)} of {len(at_band)}"
        return Judgement(evidence.number, stop, f"{verb} at report {evidence.number}: {place}, {best}")


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `4th`, `11th`, ..."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
