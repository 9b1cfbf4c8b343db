"""What may change in the configuration of a sweep that has trials, and what a change does to its search. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FIXED_KEYS = ("project",)
"""Keys that cannot change, besides the names and goals of metrics: existing trials are stored and compared by them."""

SEARCH_KEYS = ("method", "parameters", "constraints", "seed")
"""Keys that define which points are tried. If one changes, points that no agent has leased are chosen again."""


def fixed_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of settings that differ and must not."""
    changed = [key for key in FIXED_KEYS if before.get(key) != after.get(key)]
    old, new = list(_goals(before)), list(_goals(after))
    if old != new:
        changed.append("metrics" if max(len(old), len(new)) > 1 else "metric")
    return changed


def changes_search(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a key of the search differs. A seed that is left out keeps its value."""
    kept = {} if "seed" in after else {"seed": before.get("seed")}
    return any(before.get(key) != (dict(after) | kept).get(key) for key in SEARCH_KEYS)


def _goals(config: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    metrics = config.get("metrics") or ([config["metric"]] if config.get("metric") else [])
    for metric in metrics:
        yield metric.get("name"), metric.get("goal", "minimize")
