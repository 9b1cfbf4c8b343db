"""Filters and sorts experiments as `search_experiments` asks for it. Pure functions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.protocols.mlflow import filter_words
from lightning_sweeps.server.protocols.mlflow.filter_words import FilterCondition
from lightning_sweeps.store.experiments import Experiment
from lightning_sweeps.store.filters import like

Test: TypeAlias = Callable[[Experiment], bool]

ATTRIBUTES: dict[str, Callable[[Experiment], Any]] = {
    "name": lambda one: one.name,
    "creation_time": lambda one: round(one.created * 1000),
    "last_update_time": lambda one: round(one.created * 1000),
    "experiment_id": lambda one: one.id,
}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "LIKE": lambda text, pattern: like(pattern, ignores_case=False)(text),
    "ILIKE": lambda text, pattern: like(pattern, ignores_case=True)(text),
    "IN": lambda text, allowed: text in allowed,
    "NOT IN": lambda text, allowed: text not in allowed,
}


def parse(text: str) -> Test:
    """Return the test of a filter.

    Raises:
        UsageError: the text is not a filter, or experiments have no such attribute.
    """
    tests = [_test(one) for one in filter_words.conditions(text)]
    return lambda experiment: all(test(experiment) for test in tests)


def order(wanted: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the attributes to sort by, each with whether the largest comes first.

    Raises:
        UsageError: experiments have no such attribute.
    """
    keys: list[tuple[str, bool]] = []
    for one in wanted:
        name, *direction = one.split()
        keys.append((_attribute(filter_words.split_name(name)[1]), [word.upper() for word in direction] == ["DESC"]))
    return keys


def sort(found: Sequence[Experiment], keys: Sequence[tuple[str, bool]]) -> list[Experiment]:
    """Return experiments in an order. Those that are equal keep theirs."""
    result = list(found)
    for name, is_descending in reversed(keys):
        result.sort(key=ATTRIBUTES[name], reverse=is_descending)
    return result


def _test(one: FilterCondition) -> Test:
    compare = _COMPARE.get(one.operator)
    if compare is None:
        raise UsageError(f"experiments are not filtered by `{one.operator}`", hint=f"allowed: {', '.join(_COMPARE)}")
    if one.kind in ("tag", "tags"):
        return lambda experiment: one.key in experiment.tags and bool(compare(experiment.tags[one.key], one.value))
    read = ATTRIBUTES[_attribute(one.key)]
    is_text = one.key in ("name", "experiment_id")
    if is_text != isinstance(one.value, str | tuple):
        raise UsageError(f"`{one.key}` is compared with `{one.value}`", hint="allowed: text in quotes, or a time in ms")
    return lambda experiment: bool(compare(read(experiment), one.value))


def _attribute(name: str) -> str:
    if name not in ATTRIBUTES:
        raise UsageError(f"Invalid attribute key '{name[:80]}'", hint=f"allowed: {', '.join(ATTRIBUTES)}, tags.KEY")
    return name
