"""Reads durations such as `14d`. Help of commands imports it, and nothing else of the settings."""

from __future__ import annotations

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
DURATION_UNITS = {"d": DAY_S, "h": HOUR_S, "m": 60.0}


def seconds(text: str) -> float:
    """Return a number of seconds > 0."""
    value = float(text)
    if not 0 < value < 1e7:
        raise ValueError(text)
    return value


def parse_duration(text: str) -> float | None:
    """Return the seconds of a text such as `14d`, `12h` or `30m`; None for `forever`.

    Raises:
        ValueError: the text has another form.
    """
    if text == "forever":
        return None
    unit = text[-1:]
    if unit not in DURATION_UNITS:
        raise ValueError(text)
    return seconds(text[:-1]) * DURATION_UNITS[unit]
