"""What a check of `lightning-sweeps doctor` gets and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        check: name of the check.
        level: `warn`: something may go wrong; `fail`: something does not work.
        message: a sentence about what was found.
        hint: what to type or change; empty for `ok`.
    """

    check: str
    level: Level
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks examine.

    Attributes:
        settings: the settings of this process.
        home: the home folder of the settings.
    """

    settings: Settings
    home: Home


@dataclass(frozen=True, slots=True)
class Check:
    """A check. It changes nothing on the machine and starts no server.

    Attributes:
        find: returns the findings; an exception is a finding too.
        deadline_s: how long the check may take.
    """

    find: Callable[[Machine], Iterable[Finding]]
    deadline_s: float = 5.0
