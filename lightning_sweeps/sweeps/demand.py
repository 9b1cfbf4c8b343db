"""Decides which waiting agents need a new suggestion: it must know every result that was there when the agent asked.

The results of a sweep are counted in the order in which its trials ended. A suggestion knows the first `known` of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

SHARE_OF_TRIAL = 0.02
"""If a fit takes longer than this share of the median trial, trials are prepared ahead of time."""

SHORT_FIT_S = 0.25
"""A fit that takes no longer is always worth its time: the suggestion knows every result."""


def unserved(needed: Iterable[int], known: Iterable[int]) -> list[int]:
    """Return the needs that no pending trial meets, smallest first.

    Args:
        needed: for each waiting agent, the number of results that its suggestion must know.
        known: for each pending trial, the number of results that its suggestion knows.
    """
    left, lacking = sorted(known), []
    for need in sorted(needed, reverse=True):
        if left and left[-1] >= need:
            left.pop()
        else:
            lacking.append(need)
    return lacking[::-1]


def prepares_ahead(*, fit_s: float, durations_s: Sequence[float], agents: int) -> bool:
    """Return whether trials are prepared before an agent asks, without the results that come in the meantime.

    With one agent they never are: such a suggestion would always lack the result of the trial before it.

    Args:
        fit_s: how long the last suggestion took, in seconds.
        durations_s: how long the sweep's last trials ran, in seconds.
        agents: number of agents at work.
    """
    if agents < 2 or fit_s <= SHORT_FIT_S or not durations_s:
        return False
    return fit_s > SHARE_OF_TRIAL * median(durations_s)
