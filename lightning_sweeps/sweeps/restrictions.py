"""Restrictions of a space: parameters that depend on other parameters (`when`), and `constraints`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from lightning_sweeps.sweeps.expression import Expression, MissingParameterError, parse


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition for the parameter at `path` to be part of a parameter set."""

    path: tuple[str, ...]
    when: Expression

    @classmethod
    def of(cls, path: tuple[str, ...], when: str) -> Condition:
        """Return the condition of a checked `when`."""
        return cls(path, parse(when))

    @property
    def name(self) -> str:
        """The parameter's dotted name."""
        return ".".join(self.path)

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Return whether the parameter is part of a set; False if the condition names a parameter that is not."""
        try:
            return self.when.holds(params)
        except MissingParameterError:
            return False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Conditions in evaluation order, and constraints. An object without any is false."""

    conditions: tuple[Condition, ...] = ()
    constraints: tuple[Expression, ...] = ()

    @classmethod
    def of(cls, conditions: Sequence[Condition], constraints: Sequence[str]) -> Restrictions:
        """Return the restrictions of a checked sweep file.

        Raises:
            graphlib.CycleError: a parameter depends on itself.
        """
        return cls(in_order(conditions), tuple(map(parse, constraints)))

    def __bool__(self) -> bool:
        return bool(self.conditions or self.constraints)

    def is_conditional(self, path: tuple[str, ...]) -> bool:
        """Return whether the parameter at `path` has a condition."""
        return any(condition.path == path for condition in self.conditions)

    def switch_off(self, params: dict[str, Any]) -> None:
        """Remove parameters with a condition that does not hold from a complete parameter set, in place."""
        for condition in self.conditions:
            if not condition.holds(params):
                _remove(params, condition.path)

    def allow(self, params: Mapping[str, Any]) -> bool:
        """Return whether all constraints hold. A constraint on a parameter that is switched off holds."""
        return all(_holds(constraint, params) for constraint in self.constraints)

    def violated_by(self, params: Mapping[str, Any]) -> list[str]:
        """Return the texts of the constraints that do not hold."""
        return [constraint.text for constraint in self.constraints if not _holds(constraint, params)]


UNRESTRICTED = Restrictions()


def in_order(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions in an order where each comes after the conditions of the parameters that it names.

    Raises:
        graphlib.CycleError: a parameter depends on itself.
    """
    by_name = {condition.name: condition for condition in conditions}
    needs = {name: sorted(condition.when.names & by_name.keys()) for name, condition in by_name.items()}
    return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())


def _holds(constraint: Expression, params: Mapping[str, Any]) -> bool:
    try:
        return constraint.holds(params)
    except MissingParameterError:
        return True


def _remove(params: dict[str, Any], path: tuple[str, ...]) -> None:
    """Remove a value, and the maps that are then empty."""
    name, *rest = path
    if rest:
        _remove(params[name], tuple(rest))
        if params[name]:
            return
    del params[name]
