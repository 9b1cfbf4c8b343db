"""What an agent did with its time: told when it ends, so that nobody has to guess where the GPU hours went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Use = Literal[
    "trials",
    "imports",
    "starts and ends of trials",
    "no trial to be had",
    "GPU memory held by others",
    "the server did not answer",
]
"""`starts and ends of trials`: from a lease to the program, and from its end to the next lease."""

NOTABLE_S = 0.05


@dataclass(slots=True)
class Ledger:
    """Seconds by what they went to; every moment belongs to one use, the first to `imports`."""

    gpus: int
    since: float
    use: Use = "imports"
    trials: int = 0
    spent_s: dict[Use, float] = field(default_factory=dict)

    def turn_to(self, use: Use, *, now: float) -> None:
        """Book the time since the last turn, and what follows under `use`. `now` is a monotonic time in seconds."""
        self.spent_s[self.use] = self.spent_s.get(self.use, 0.0) + now - self.since
        if use == "trials" and self.use != "trials":
            self.trials += 1
        self.use, self.since = use, now

    def told(self, *, now: float) -> dict[str, float]:
        """Return the seconds by use until now."""
        self.turn_to(self.use, now=now)
        return {use: round(seconds, 3) for use, seconds in self.spent_s.items()}

    def summary(self, *, now: float) -> str:
        """Return one line: trials, the part of the time they had, GPU seconds, and where the rest went."""
        self.turn_to(self.use, now=now)
        return describe(self.spent_s, trials=self.trials, gpus=self.gpus)


def describe(spent_s: Mapping[str, float] | Mapping[Use, float], *, trials: int, gpus: int) -> str:
    """Return the line for these seconds."""
    whole_s = sum(spent_s.values())
    busy_s = spent_s.get("trials", 0.0)
    part = f"{busy_s / whole_s:.0%}" if whole_s else "0%"
    on_gpus = f", {busy_s * gpus:.0f} GPU seconds" if gpus else ""
    rest = [(seconds, use) for use, seconds in spent_s.items() if use != "trials" and seconds >= NOTABLE_S]
    idle = "; ".join(f"{seconds:.1f} s {use}" for seconds, use in sorted(rest, reverse=True))
    count = f"{trials} trial{'' if trials == 1 else 's'}"
    return f"{count} took {part} of {whole_s:.1f} s{on_gpus}" + (f"; the rest: {idle}" if idle else "")
