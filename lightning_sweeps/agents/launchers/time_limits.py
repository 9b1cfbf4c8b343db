"""Time limits of jobs as people write them for Slurm: minutes, or [days-]hours:minutes:seconds."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from lightning_sweeps.errors import UsageError

TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
"""Slurm's formats: minutes, minutes:seconds, hours:minutes:seconds, days-hours, and so on."""

NOTICE_MARGIN_S = 30
"""Seconds between the end of a trial's grace period and the time limit of its job."""


def minutes(text: str) -> int:
    """Return a time limit in whole minutes, rounded up.

    Raises:
        UsageError: the text is in none of Slurm's formats, or is 0.
    """
    found = TIME.fullmatch(text)
    if found is None:
        raise UsageError(f"`--time {text}` was given, allowed: minutes, or [days-]hours:minutes:seconds")
    numbers = [int(found[name]) for name in ("first", "second", "third") if found[name] is not None]
    if found["days"] is not None:
        hours, of_hour, of_minute = [*numbers, 0, 0][:3]
        seconds = int(found["days"]) * 86_400 + hours * 3_600 + of_hour * 60 + of_minute
    elif len(numbers) == 3:
        seconds = numbers[0] * 3_600 + numbers[1] * 60 + numbers[2]
    else:
        seconds = numbers[0] * 60 + (numbers[1] if len(numbers) == 2 else 0)
    if not seconds:
        raise UsageError(f"`--time {text}` was given, allowed: more than 0")
    return -(-seconds // 60)


TimeLimit = Annotated[int, BeforeValidator(lambda value: minutes(str(value)))]
"""A time limit in minutes."""
