"""What a sweep file allows of its space: parameters that others switch on (`when`), and `constraints`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from lightning_sweeps.sweeps.expression import Expression, MissingParameterError, parse


@dataclass(frozen=True, slots=True)
class Condition:
    """When the parameter at `path` is part of a parameter set."""

    path: tuple[str, ...]
    when: Expression

    @classmethod
    def of(cls, path: tuple[str, ...], when: str) -> Condition:
        return cls(path, parse(when))

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Tell whether it is; never where a parameter that the condition names is itself switched off."""
        try:
            return self.when.holds(params)
        except MissingParameterError:
            return False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """The conditions in the order in which they are decided, and the constraints; false where there are none."""

    conditions: tuple[Condition, ...] = ()
    constraints: tuple[Expression, ...] = ()

    @classmethod
    def of(cls, conditions: Sequence[Condition], constraints: Sequence[str]) -> Restrictions:
        """Return the restrictions of a checked sweep file.

        Raises:
            graphlib.CycleError: parameters switch one another on in a circle.
        """
        return cls(in_order(conditions), tuple(map(parse, constraints)))

    def __bool__(self) -> bool:
        return bool(self.conditions or self.constraints)

    def is_conditional(self, path: tuple[str, ...]) -> bool:
        return any(condition.path == path for condition in self.conditions)

    def switch_off(self, params: dict[str, Any]) -> None:
        """Take out of a whole parameter set, in place, what its other values switch off."""
        for condition in self.conditions:
            if not condition.holds(params):
                _take_out(params, condition.path)

    def allow(self, params: Mapping[str, Any]) -> bool:
        """Tell whether all constraints hold; one that names a parameter that is switched off does not count."""
        return all(_binds_not_or_holds(constraint, params) for constraint in self.constraints)

    def broken_by(self, params: Mapping[str, Any]) -> list[str]:
        """Return the constraints that do not hold."""
        return [constraint.text for constraint in self.constraints if not _binds_not_or_holds(constraint, params)]


FREE = Restrictions()
"""Nothing is restricted."""


def in_order(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions so that each comes after those of the parameters that it names.

    Raises:
        graphlib.CycleError: there is no such order.
    """
    by_name = {condition.name: condition for condition in conditions}
    needs = {name: sorted(condition.when.names & by_name.keys()) for name, condition in by_name.items()}
    return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())


def _binds_not_or_holds(constraint: Expression, params: Mapping[str, Any]) -> bool:
    try:
        return constraint.holds(params)
    except MissingParameterError:
        return True


def _take_out(params: dict[str, Any], path: tuple[str, ...]) -> None:
    """Take a leaf out, and the maps that are empty without it."""
    name, *rest = path
    if rest:
        _take_out(params[name], tuple(rest))
        if params[name]:
            return
    del params[name]
